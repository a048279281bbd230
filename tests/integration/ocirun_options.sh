#!/bin/bash
# Options that callers pass, accepted and obeyed; help; and what the program answers to wrong ones.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b true
cp b/config.json base.json
configure() {
    local filter=$1
    shift
    jq "$filter | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json
}

# --- the argument lists of engines, as they are ------------------------------------------------------
configure . sleep 1000
touch process.json && jq '.process | .args = ["true"]' base.json >process.json
as_containerd() { "$RUNTIME" --root "$state_root" --log "$test_dir/b/log.json" --log-format json "$@"; }
check "containerd: create" as_containerd create --bundle "$test_dir/b" --pid-file "$test_dir/b/init.pid" --no-new-keyring one
check "containerd: start" as_containerd start one
check "containerd: exec" as_containerd exec --process "$test_dir/process.json" --detach --pid-file "$test_dir/b/exec.pid" one
check "containerd: pause" as_containerd pause one
check "containerd: resume" as_containerd resume one
check "containerd: kill --all" as_containerd kill --all one 9
check "the container stops" wait_until 5 status_is one stopped
check "containerd: delete" as_containerd delete one
check_not "nothing was logged" grep -q . b/log.json
check "conmon: create" "$RUNTIME" --root="$state_root" create --bundle "$test_dir/b" --pid-file "$test_dir/b/pidfile" one
check "Podman: start" "$RUNTIME" --root="$state_root" start one
check "Podman: kill" "$RUNTIME" --root="$state_root" kill one 9
check "Podman: delete --force" "$RUNTIME" --root="$state_root" delete --force one
assert_nothing_left
configure . sh -c 'exit 4'
check_exit "BuildKit: run" 4 rt run --bundle "$test_dir/b" --keep one
check "BuildKit: delete" rt delete one
check_exit "Buildah: state of an absent container" 1 rt state one
check_exit "go-runc: a single dash" 4 rt run -no-subreaper -bundle "$test_dir/b" one
check_exit "a boolean with a value" 4 rt run --no-new-keyring=false --no-subreaper=true --bundle "$test_dir/b" one
check "containerd and Docker: features" bash -c "'$RUNTIME' features | jq -e '.linux.namespaces | index(\"user\")'"
check "--rootless is accepted" rt --rootless=true list
check "--debug is accepted" rt --debug list

# --- keyrings --------------------------------------------------------------------------------------
keyring='.linux.maskedPaths = []'
configure "$keyring" cat /proc/keys
if rt run -b b one >keys 2>/dev/null && [ -s keys ]; then
    check_match "a session keyring of the container's own" '_ses\.one' cat keys
    check "with --no-new-keyring" rt run --no-new-keyring -b b one
    check_not "there is none" grep -q '_ses\.one' "$test_out"
else
    skip "keyrings" "the kernel does not show them"
fi

# --- the state root --------------------------------------------------------------------------------
configure . sleep 1000
check "a state root that does not exist is made" "$RUNTIME" --root "$test_dir/deep/root" run -d -b b one
check_output "it is seen there only" '' rt list -q
check_output "and there" one "$RUNTIME" --root "$test_dir/deep/root" list -q
relative_root() { (cd deep && "$RUNTIME" --root root list -q); }
check_output "a relative state root" one relative_root
check "the same id in another root" bash -c "jq '.linux.cgroupsPath += \"-2\"' b/config.json >c.json && mkdir -p c && cp -a b/rootfs c/ && cp c.json c/config.json"
check "is another container" rt run -d -b c one
check "delete" rt delete --force one
check "the first one lives" bash -c "'$RUNTIME' --root '$test_dir/deep/root' state one | jq -e '.status == \"running\"'"
check "delete" "$RUNTIME" --root "$test_dir/deep/root" delete --force one
assert_nothing_left

# --- many at once ----------------------------------------------------------------------------------
crowd() {
    local i pids=
    for i in 1 2 3 4 5 6 7 8; do
        mkdir -p "crowd/$i" && ln -sfn "$test_dir/b/rootfs" "crowd/$i/rootfs"
        jq ".linux.cgroupsPath += \"-$i\" | .root.path = \"$test_dir/b/rootfs\" | .process.args = [\"sh\", \"-c\", \"exit $i\"]" base.json >"crowd/$i/config.json"
        rt_background run -b "crowd/$i" "crowd$i" >/dev/null 2>"crowd/$i/err"
        pids="$pids $!"
    done
    i=0
    for pid in $pids; do
        i=$((i + 1))
        wait "$pid"
        [ $? -eq $i ] || { echo "container $i: $(cat "crowd/$i/err")" && return 1; }
    done
}
check "eight containers at once, each with its exit code" crowd
race() { # of two creators of one id exactly one wins
    local i
    for i in 1 2 3 4 5; do
        rt_background create -b b twin >/dev/null 2>twin1
        local first=$! one=0 two=0
        rt_background create -b c twin >/dev/null 2>twin2
        local second=$!
        wait "$first" || one=1
        wait "$second" || two=1
        [ $((one + two)) -eq 1 ] || { echo "exit codes $one and $two: $(cat twin1 twin2)" && return 1; }
        status_is twin created || return 1
        rt delete --force twin || return 1
    done
}
# runc 1.1.5 lets both fail at times.
is_ocirun && check "of two that take one id at once exactly one gets it" race
assert_nothing_left

# --- help and mistakes -----------------------------------------------------------------------------
for command in create start run state kill delete list ps exec pause resume spec features; do
    check_match "$command --help" "$command" rt "$command" --help
done
check_match "without arguments the commands are shown" create rt
check_exit "an unknown command fails" "$(by_runtime 1 3)" rt nonsense
check_fails "an unknown log format" 1 yaml rt --log-format yaml list
if is_ocirun; then
    check_fails "the state root may not be /" 1 'root' "$RUNTIME" --root / list
    check_fails "--systemd-cgroup says clearly when systemd does not run" 1 'systemd' rt --systemd-cgroup create -b b one
fi
check_fails "--preserve-fds wants a number" any '' rt run --preserve-fds many -b b one
check_fails "kill refuses an unknown signal" 1 "$(by_runtime NONSENSE '')" rt kill one NONSENSE
assert_nothing_left
finish
