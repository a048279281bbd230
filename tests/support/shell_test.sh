# Functions of the shell tests: a sandbox, checks with readable failures, and the proof that nothing is left.
# Sourced by bash scripts; defines functions and changes nothing until one of them is called.
# shellcheck shell=bash
#
# A test of a runtime starts with
#     . "$here/../support/shell_test.sh"
#     enter_sandbox "$@"
# and from there on runs as process 1 of private mount and pid namespaces, with
#     $test_dir       a private tmpfs, gone with the sandbox
#     $state_root     the state root that `rt` gives to the runtime
#     $test_cgroup    the prefix of every cgroup name of this test
#     $RUNTIME        the runtime under test ($OCI_BUILD/ocirun unless the caller names another one)
# OCI_TEST_CGROUPS=v2 or =absent in the environment gives the whole test another view of cgroups.
# The last line of a test is `finish`.

tests_passed=0
tests_failed=0
tests_skipped=0
test_dir=${test_dir:-}
OCI_BUILD=${OCI_BUILD:-build/test}
RUNTIME=${RUNTIME:-$OCI_BUILD/ocirun}

# --- results ---------------------------------------------------------------------------------------

skip_all() { # REASON: the whole test cannot run here; CTest reads exit code 77 as "skipped"
    echo "skipped: $1"
    exit 77
}

# Whether a program was built with the sanitizers: it takes several times the memory, is linked dynamically and
# insists on being loaded first.
sanitized() { grep -qa __asan_init "$1"; }

skip() { # NAME REASON
    tests_skipped=$((tests_skipped + 1))
    echo "skip   - $1: $2"
}

passed() { # NAME
    tests_passed=$((tests_passed + 1))
    echo "ok     - $1"
}

failed() { # NAME DETAIL...: the details stand below the name, indented
    tests_failed=$((tests_failed + 1))
    echo "not ok - $1"
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/         /'
}

finish() {
    echo "$tests_passed passed, $tests_failed failed, $tests_skipped skipped"
    [ "$tests_failed" -eq 0 ] || exit 1
    exit 0
}

# --- checks ----------------------------------------------------------------------------------------
# Each runs its command in this shell with empty stdin and with stdout and stderr in files, never in a
# pipe: a detached container keeps its stdout, and a pipe would never end.

run_captured() { # COMMAND...: fills $test_out, $test_err and $test_status
    if [ -z "${test_captures:-}" ]; then
        test_captures=${test_dir:-$(mktemp -d "${TMPDIR:-/tmp}/oci-captures.XXXXXX")}
        [ -n "$test_dir" ] || trap 'rm -rf "$test_captures"' EXIT
    fi
    test_out=$test_captures/stdout
    test_err=$test_captures/stderr
    rm -f "$test_out" "$test_err" # a container of an earlier check may still write into the old file
    local status=0
    "$@" </dev/null >"$test_out" 2>"$test_err" || status=$?
    test_status=$status
}

report_failure() { # NAME WHY COMMAND...
    local name=$1 why=$2
    shift 2
    failed "$name" "$why" "command: $*" "exit code: $test_status" \
        "stdout: $(head -c 1500 "$test_out" | tr -d '\0')" "stderr: $(head -c 1500 "$test_err" | tr -d '\0')"
}

check() { # NAME COMMAND...: it succeeds
    local name=$1
    shift
    run_captured "$@"
    if [ "$test_status" -eq 0 ]; then passed "$name"; else report_failure "$name" "it fails" "$@"; fi
}

check_not() { # NAME COMMAND...: it fails, however
    local name=$1
    shift
    run_captured "$@"
    if [ "$test_status" -ne 0 ]; then passed "$name"; else report_failure "$name" "it succeeds" "$@"; fi
}

check_exit() { # NAME EXIT COMMAND...: it ends with this exit code
    local name=$1 expected=$2
    shift 2
    run_captured "$@"
    if [ "$test_status" -eq "$expected" ]; then
        passed "$name"
    else
        report_failure "$name" "expected exit code $expected" "$@"
    fi
}

check_output() { # NAME EXPECTED COMMAND...: it succeeds and its stdout is EXPECTED (final newlines aside)
    local name=$1 expected=$2
    shift 2
    run_captured "$@"
    if [ "$test_status" -ne 0 ]; then
        report_failure "$name" "it fails" "$@"
    elif [ "$(tr -d '\0\r' <"$test_out")" = "$expected" ]; then
        passed "$name"
    else
        report_failure "$name" "expected stdout: $expected" "$@"
    fi
}

check_match() { # NAME REGEX COMMAND...: it succeeds and a line of its stdout matches (grep -E)
    local name=$1 regex=$2
    shift 2
    run_captured "$@"
    if [ "$test_status" -ne 0 ]; then
        report_failure "$name" "it fails" "$@"
    elif grep -qE -e "$regex" "$test_out"; then
        passed "$name"
    else
        report_failure "$name" "expected a line that matches: $regex" "$@"
    fi
}

check_fails() { # NAME EXIT TEXT COMMAND...: this exit code (or "any" but 0), and stderr holds TEXT literally
    local name=$1 expected=$2 text=$3
    shift 3
    run_captured "$@"
    if [ "$test_status" -eq 0 ] || { [ "$expected" != any ] && [ "$test_status" -ne "$expected" ]; }; then
        report_failure "$name" "expected exit code $expected" "$@"
    elif ! grep -qF -e "$text" "$test_err"; then
        report_failure "$name" "expected on stderr: $text" "$@"
    else
        passed "$name"
    fi
}

wait_until() { # SECONDS COMMAND...: asks again, every 20 ms, until it is true or the time is over
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -le "$deadline" ] || return 1
        sleep 0.02
    done
}

# --- the sandbox -----------------------------------------------------------------------------------

remove_test_cgroups() { # PREFIX
    find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} + 2>/dev/null
    return 0
}

enter_sandbox() { # ARGUMENTS OF THE SCRIPT...: does not return outside of the sandbox
    if [ "${OCI_TEST_SANDBOX:-}" = "$0" ]; then
        prepare_sandbox
        return 0
    fi
    [ "$(id -u)" -eq 0 ] || skip_all "containers of this test need root"
    unshare --mount --pid --fork true 2>/dev/null || skip_all "this machine forbids new namespaces"
    local program
    for program in ${test_programs:-jq busybox python3}; do
        command -v "$program" >/dev/null || skip_all "$program is not installed"
    done
    case $RUNTIME in /*) ;; */*) RUNTIME=$PWD/$RUNTIME ;; *) RUNTIME=$(command -v "$RUNTIME") ;; esac
    [ -x "$RUNTIME" ] || { echo "not ok - $RUNTIME is not an executable file" && exit 1; }
    local work status
    work=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
    OCI_TEST_SANDBOX=$0 OCI_TEST_DIR=$work RUNTIME=$RUNTIME OCI_BUILD=$OCI_BUILD \
        unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- bash "$0" "$@"
    status=$?
    # Mounts and processes died with the namespaces; cgroups are the one thing that can stay.
    remove_test_cgroups "oci-test-${work##*.}"
    rm -rf --one-file-system "$work"
    exit "$status"
}

prepare_sandbox() {
    test_dir=$OCI_TEST_DIR
    mount -t tmpfs -o mode=0755 tmpfs "$test_dir" || exit 1
    change_cgroups
    state_root=$test_dir/state
    # One path component: a runtime removes the container's own cgroup, never its parents.
    test_cgroup=oci-test-${test_dir##*.}
    test_pids_known=" 1 $$ "
    unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID XDG_RUNTIME_DIR
    cd "$test_dir" || exit 1
    trap 'leave_sandbox' EXIT
}

change_cgroups() { # in the private mount namespace only
    case ${OCI_TEST_CGROUPS:-} in
        '') ;;
        v2) mount -t cgroup2 none /sys/fs/cgroup || skip_all "cgroup v2 cannot be mounted here" ;;
        absent) umount --recursive --lazy /sys/fs/cgroup || skip_all "the cgroups cannot be unmounted here" ;;
        *) echo "not ok - OCI_TEST_CGROUPS=$OCI_TEST_CGROUPS is neither v2 nor absent" && exit 1 ;;
    esac
}
has_freezer() { [ -d /sys/fs/cgroup/freezer ] || [ -e /sys/fs/cgroup/cgroup.procs ]; }
has_pids() { [ -d /sys/fs/cgroup/pids ] || grep -qw pids /sys/fs/cgroup/cgroup.controllers 2>/dev/null; }

leave_sandbox() {
    local id
    for id in "$state_root"/*/; do
        [ -d "$id" ] && timeout -s KILL 20 "$RUNTIME" --root "$state_root" delete --force "$(basename "$id")" >/dev/null 2>&1
    done
    return 0
}

# No command of a runtime takes a minute; one that waits for ever must fail its check, not stop the test.
rt() { timeout --foreground -s KILL 60 "$RUNTIME" --root "$state_root" "$@"; }

rt_background() { "$RUNTIME" --root "$state_root" "$@" & } # $! is the runtime itself, not a shell around it

is_ocirun() { # where ocirun documents a difference from runc, the test asks this
    [ -n "${runtime_is_ocirun:-}" ] || case $("$RUNTIME" --version 2>/dev/null) in
        ocirun*) runtime_is_ocirun=yes ;;
        *) runtime_is_ocirun=no ;;
    esac
    [ "$runtime_is_ocirun" = yes ]
}

by_runtime() { # OCIRUN'S RUNC'S: prints the one that the runtime under test should say
    if is_ocirun; then printf '%s' "$1"; else printf '%s' "$2"; fi
}

# --- what is left ----------------------------------------------------------------------------------

left_mounts() { awk -v dir="$test_dir" '$5 != dir && index($5, dir "/") == 1 { print "mount " $5 }' /proc/self/mountinfo; }
left_cgroups() { find /sys/fs/cgroup -type d -name "$test_cgroup*" 2>/dev/null | sed 's/^/cgroup /'; }
left_state() { [ ! -d "$state_root" ] || find "$state_root" -mindepth 1 -maxdepth 1 ! -name '.*' | sed 's/^/state /'; }
left_processes() { # everything in the sandbox but this shell, its own helpers and the processes told to expect_process
    local stat pid state parent
    for stat in /proc/[0-9]*/stat; do
        read -r stat 2>/dev/null <"$stat" || continue
        pid=${stat%% *}
        set -- ${stat##*) }
        state=$1 parent=$2
        case $test_pids_known in *" $pid "*) continue ;; esac
        [ "$state" = Z ] || [ "$pid" -eq "$BASHPID" ] || [ "$parent" -eq "$BASHPID" ] && continue
        [ -n "$(tr -d '\0' 2>/dev/null <"/proc/$pid/cmdline")" ] || continue
        # A subshell of this test has the test's own command line.
        [ "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" = "$(tr '\0' ' ' </proc/$$/cmdline)" ] && continue
        echo "process $pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | head -c 200)"
    done
}
expect_process() { test_pids_known="$test_pids_known$1 "; } # PID of a process of the test itself
what_is_left() { left_mounts; left_cgroups; left_state; left_processes; }
nothing_is_left() { [ -z "$(what_is_left)" ]; }

assert_nothing_left() { # [NAME]: no mount, cgroup, state entry or process of this test exists
    local name=${1:-nothing is left behind}
    if wait_until 5 nothing_is_left; then passed "$name"; else failed "$name" "$(what_is_left)"; fi
}
