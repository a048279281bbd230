# Functions of the tests with engines: namespaces of their own for a daemon and all it starts, an image from
# busybox, and checks of output and exit codes. Sourced after shell_test.sh. A test starts with
#     enter_engine "$@"
# and from there on runs as process 1 of private mount, pid and network namespaces, with
#     $work           a directory of the test on disk, gone at its end
#     $engine_cgroup  the name of the cgroup below which everything belongs
#     $RUNTIME        the runtime under test, an absolute path; RUNTIME=/usr/sbin/runc tests another one
# /run, /etc and /usr/local are private: what is written there is gone with the namespaces.
# shellcheck shell=bash

enter_engine() { # ARGUMENTS OF THE SCRIPT...: does not return outside of the namespaces
    if [ "${OCI_TEST_INSIDE:-}" = "$0" ]; then
        prepare_engine
        return 0
    fi
    [ "$(id -u)" -eq 0 ] || skip_all "an engine of this test needs root"
    unshare --mount --pid --fork --net true 2>/dev/null || skip_all "this machine forbids new namespaces"
    case $RUNTIME in /*) ;; */*) RUNTIME=$PWD/$RUNTIME ;; *) RUNTIME=$(command -v "$RUNTIME") ;; esac
    [ -x "$RUNTIME" ] || { echo "not ok - $RUNTIME is not an executable file" && exit 1; }
    local inside status
    work=$(mktemp -d "${TMPDIR:-/tmp}/oci-engine.XXXXXX")
    OCI_BUILD=$(realpath -m "$OCI_BUILD")
    # The argument is read again inside, in another directory.
    if [ -d "${1:-}" ]; then set -- "$OCI_BUILD" "${@:2}"; fi
    OCI_TEST_INSIDE=$0 OCI_TEST_WORK=$work RUNTIME=$RUNTIME OCI_BUILD=$OCI_BUILD \
        unshare --mount --pid --fork --kill-child --mount-proc --net --propagation private -- \
        bash "$0" "$@" </dev/null &
    inside=$!
    trap 'kill -KILL "$inside"' TERM INT # the namespaces end with it, and this script goes on to tidy up
    wait "$inside"
    status=$?
    # The mounts and processes died with the namespaces; cgroups are the one thing that stays.
    engine_cgroup=oci-engine-${work##*.}
    wait_until 20 no_engine_cgroup_is_left
    if [ "$status" -eq 0 ] && [ -n "$(engine_cgroups)" ]; then
        echo "not ok - no cgroup is left behind: $(engine_cgroups | head -n 3)"
        status=1
    fi
    rm -rf --one-file-system "$work"
    exit "$status"
}

engine_cgroups() { find /sys/fs/cgroup -depth -type d -path "*/$engine_cgroup*" 2>/dev/null; }
no_engine_cgroup_is_left() {
    engine_cgroups | xargs -r rmdir 2>/dev/null
    [ -z "$(engine_cgroups)" ]
}

prepare_engine() {
    work=$OCI_TEST_WORK
    engine_cgroup=oci-engine-${work##*.}
    test_captures=$work/captures
    mkdir "$test_captures"
    trap 'leave_engine' EXIT
    mount -t tmpfs -o mode=0755 tmpfs /run
    mkdir -p /run/lock "$work/etc" "$work/etc.work"
    mount -t overlay -o "lowerdir=/etc,upperdir=$work/etc,workdir=$work/etc.work" overlay /etc 2>/dev/null ||
        copy_on_tmpfs /etc
    copy_on_tmpfs /usr/local/bin
    # Engines copy it into containers; a machine without a network may have none, or a link that leads nowhere.
    [ -e /etc/resolv.conf ] || { rm -f /etc/resolv.conf && : >/etc/resolv.conf; }
    ip link set lo up
    umask 022
    export HOME=$work/home
    mkdir "$HOME"
    unset DOCKER_HOST DOCKER_CONTEXT CONTAINERS_CONF XDG_RUNTIME_DIR NOTIFY_SOCKET LISTEN_FDS LISTEN_PID
    unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
    cd "$work" || exit 1
}
copy_on_tmpfs() { # DIRECTORY: from here on a private copy of it
    local copy
    copy=$(mktemp -d /run/copy.XXXXXX)
    mount -t tmpfs -o mode=0755 tmpfs "$copy"
    cp -a "$1/." "$copy/"
    mount --move "$copy" "$1"
}

leave_engine() { # tests with daemons define stop_engine
    local file
    # Frozen processes cannot be killed, not even with their pid namespace: a failed check must not leave any.
    find /sys/fs/cgroup -path "*/$engine_cgroup*" \( -name freezer.state -o -name cgroup.freeze \) 2>/dev/null |
        while read -r file; do
            case $file in */freezer.state) echo THAWED >"$file" ;; *) echo 0 >"$file" ;; esac
        done 2>/dev/null
    if declare -F stop_engine >/dev/null; then stop_engine; fi
}

need_programs() { # PROGRAM...: the whole test is skipped without one of them
    local program
    for program; do
        command -v "$program" >/dev/null || skip_all "$program is not installed"
    done
}
can_checkpoint() { # prints why not
    if ! "$RUNTIME" checkpoint --help >/dev/null 2>&1; then
        echo "$RUNTIME has no checkpoint command"
    elif ! command -v criu >/dev/null; then
        echo "criu is not installed"
    elif ! criu check >"$work/criu" 2>&1; then
        echo "criu check says: $(tail -n 2 "$work/criu" | head -n 1)"
    else
        return 0
    fi
    return 1
}

# --- an image from busybox -------------------------------------------------------------------------

make_engine_root() { # DIRECTORY: the files of the image
    local root=$1
    mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/www" "$root/run"
    chmod 1777 "$root/tmp"
    cp "$(command -v busybox)" "$root/bin/busybox"
    "$root/bin/busybox" --install "$root/bin" # hard links, one process
    printf 'root:x:0:0:root:/:/bin/sh\nguest:x:1000:1000:guest:/:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nguest:x:1000:\n' >"$root/etc/group"
    echo 'served from a container' >"$root/www/index.html"
    printf 'no program\n' >"$root/bin/not-executable"
}

# --- checks ----------------------------------------------------------------------------------------

# prints EXPECTED COMMAND...: standard output is EXPECTED exactly (carriage returns of a terminal aside).
prints() {
    local expected=$1 output
    shift
    output=$("$@" 2>"$work/said" | tr -d '\r')
    [ "$output" = "$expected" ] && return 0
    printf '    command:  %s\n    expected: %s\n    printed:  %s\n' "$*" "$expected" "$output"
    sed 's/^/    stderr:   /' "$work/said"
    return 1
}
# exits CODE COMMAND...: the exit code is CODE.
exits() {
    local expected=$1 code=0
    shift
    "$@" >"$work/output" 2>&1 </dev/null || code=$?
    [ "$code" -eq "$expected" ] && return 0
    printf '    command:  %s\n    expected exit code %s, got %s\n' "$*" "$expected" "$code"
    sed 's/^/    /' "$work/output"
    return 1
}
# on_terminal COMMAND-LINE: runs it on a terminal of 33 rows and 77 columns.
on_terminal() { script --quiet --return --command "stty rows 33 cols 77; $1" /dev/null </dev/null; }

cgroup_files() { # GROUP V1_CONTROLLER/V1_FILE V2_FILE: prints the value that a cgroup has, seen from the host
    local file
    for file in "/sys/fs/cgroup/${2%%/*}/$1/${2#*/}" "/sys/fs/cgroup/$1/$3"; do
        if [ -e "$file" ]; then cat "$file"; return; fi
    done
    echo "no cgroup file $2 or $3 in $1"
}
