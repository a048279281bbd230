#!/bin/bash
# The runtime is killed at every step of its work. Whatever the step, `delete --force` takes everything away.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "no other runtime promises it"
command -v strace >/dev/null || skip_all "strace is not installed"
strace -o /dev/null true 2>/dev/null || skip_all "this machine forbids tracing"

make_bundle b sleep 1000
edit_config b '.linux.namespaces += [{type: "network"}] | .hooks = {createRuntime: [{path: "/bin/true"}]}
    | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
# Steps of the runtime that only look at something need no kill of their own.
changing='mkdir mkdirat openat openat2 unlinkat renameat renameat2 rename write clone clone3 fork vfork sendto sendmsg recvfrom recvmsg connect bind
    listen flock fsync rmdir kill pidfd_send_signal waitid wait4 poll ppoll mount umount2 pwrite64 execve exit_group ftruncate fchmod fchmodat fdatasync'

# points COMMAND...: each changing system call of a run of the command as "NAME INDEX", in their order.
points() {
    strace -o trace "$@" </dev/null >out 2>err
    awk -v names="$changing" 'BEGIN { split(names, list); for (i in list) wanted[list[i]] = 1 }
        match($0, /^[a-z0-9_]+\(/) { name = substr($0, 1, RLENGTH - 1); if (name in wanted) print name, ++count[name] }' trace
}
# killed_at "NAME INDEX" COMMAND...: the command is killed when it enters this call.
killed_at() {
    local name=${1% *} index=${1#* }
    shift
    # In a shell of its own: this one would report every killed job.
    (timeout -s KILL 30 strace -o /dev/null -e "trace=$name" -e "inject=$name:signal=KILL:when=$index" "$@" </dev/null >out 2>err || exit 1) 2>/dev/null
}
# What the runtime started but nobody watches any more has to go with the container; hooks of a killed
# runtime end by themselves.
clean_after() { # POINT
    timeout -s KILL 30 "$RUNTIME" --root "$state_root" delete --force one >delete.out 2>delete.err
    local status=$?
    if [ "$status" -ne 0 ]; then echo "killed at $1: delete --force exits with $status: $(cat delete.err)"; fi
    wait_until 5 nothing_is_left && return
    what_is_left >left
    echo "killed at $1: $(xargs -d '\n' printf '%s; ' <left)"
}
sweep() { # NAME PREPARE COMMAND...
    local name=$1 prepare=$2 problems=$test_dir/problems count=0 killed=0 point
    shift 2
    $prepare
    points "$@" >sweep.points
    timeout -s KILL 30 "$RUNTIME" --root "$state_root" delete --force one >/dev/null 2>&1
    : >"$problems"
    while read -r -u 5 point; do
        $prepare
        killed_at "$point" "$@" && count=$((count + 1)) || killed=$((killed + 1))
        clean_after "$point" >>"$problems"
        [ "$(wc -l <"$problems")" -lt 20 ] || break
        # A machine under load: the sweep stops with what it has.
        [ $((SECONDS - sweep_started)) -lt 220 ] || break
    done 5<sweep.points
    if [ -s "$problems" ]; then
        failed "$name: nothing is left after a kill" "$(head -c 3000 "$problems")"
    elif [ "$killed" -lt 10 ]; then
        failed "$name: it was killed at $killed points only, and ended $count times" "$(cat err)"
    else
        passed "$name: nothing is left after a kill, at $killed points of $(wc -l <sweep.points)"
    fi
}
sweep_started=$SECONDS
prepare_nothing() { :; }
prepare_created() { rt create -b b one >/dev/null 2>&1; }
prepare_running() { rt run -d -b b one >/dev/null 2>&1; }
sweep create prepare_nothing "$RUNTIME" --root "$state_root" create -b b one
sweep "delete --force" prepare_running "$RUNTIME" --root "$state_root" delete --force one
sweep start prepare_created "$RUNTIME" --root "$state_root" start one
sweep "run --detach" prepare_nothing "$RUNTIME" --root "$state_root" run -d -b b one
check "after all this a container runs" rt run -d -b b one
check "and is deleted" rt delete --force one
assert_nothing_left
finish
