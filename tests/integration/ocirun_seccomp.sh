#!/bin/bash
# Seccomp: every action, operator and flag, in the container's process and in exec.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
grep -q '^Seccomp:' /proc/self/status || skip_all "the kernel has no seccomp"

make_bundle b
cp b/config.json base.json
configure() { # SECCOMP ARGS...
    local seccomp=$1
    shift
    jq --argjson seccomp "$seccomp" '.linux.seccomp = $seccomp | .process.args = $ARGS.positional' <base.json --args -- "$@" >b/config.json
}
filtered() { configure "$@" && rt run -b b one; }
# rules DEFAULT RULE...: a profile; every profile of the tests allows by default.
rules() {
    local IFS=,
    echo "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": [$*]}"
}
deny() { echo "{\"names\": [\"$1\"], \"action\": \"SCMP_ACT_ERRNO\"${2:+, $2}}"; }
field() { echo "sed -n 's/^$1:[[:space:]]*//p' /proc/self/status"; }
case $(uname -m) in x86_64) ;; *) skip_all "the rules of this test are written for x86_64" ;; esac

# --- actions ---------------------------------------------------------------------------------------
check_output "without seccomp there is no filter" 0 filtered null sh -c "$(field Seccomp)"
check_output "with a profile the process is filtered" 2 filtered "$(rules "$(deny mkdir)")" sh -c "$(field Seccomp)"
check_output "an empty profile that allows all" 0 filtered '{"defaultAction": "SCMP_ACT_ALLOW"}' sh -c 'true; echo $?'
check_fails "ERRNO is EPERM by default" 1 'Operation not permitted' filtered "$(rules "$(deny mkdir)")" mkdir /tmp/x
check_fails "errnoRet" 1 'No space left' filtered "$(rules "$(deny mkdir '"errnoRet": 28')")" mkdir /tmp/x
check_fails "an errno by defaultErrnoRet" 1 'No space left' filtered \
    '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 28, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ['"$(
        printf '"%s",' read write open openat close stat fstat lstat newfstatat statx mmap mprotect munmap brk rt_sigaction rt_sigprocmask \
            rt_sigreturn ioctl access faccessat faccessat2 execve exit exit_group arch_prctl set_tid_address set_robust_list rseq prlimit64 \
            readlink getrandom getuid geteuid getgid getegid getpid getppid uname umask getcwd fcntl prctl futex lseek dup2 setgid setuid setgroups \
            capset capget chdir fchdir sendto sendmsg recvmsg poll epoll_pwait tgkill gettid sched_yield nanosleep clone pipe2 sigaltstack madvise getdents64 \
            setresuid setresgid seccomp close_range pread64 writev socket connect fstatfs dup3 setsid execveat
    )"'"umask"], "action": "SCMP_ACT_ALLOW"}]}' mkdir /tmp/x
check "other calls work" filtered "$(rules "$(deny mkdir)")" touch /tmp/x
killed() { filtered "$(rules "{\"names\": [\"mkdir\"], \"action\": \"$1\"}")" sh -c 'mkdir /tmp/y; echo $?'; }
check_output "KILL" 159 killed SCMP_ACT_KILL
check_output "KILL_THREAD" 159 killed SCMP_ACT_KILL_THREAD
check_output "KILL_PROCESS" 159 killed SCMP_ACT_KILL_PROCESS
check_output "TRAP sends SYS" 159 killed SCMP_ACT_TRAP
check_output "LOG allows" 0 filtered "$(rules '{"names": ["mkdir"], "action": "SCMP_ACT_LOG"}')" sh -c 'mkdir /tmp/log; echo $?'
check_fails "TRACE without a tracer is ENOSYS" 1 'not implemented' filtered "$(rules '{"names": ["mkdir"], "action": "SCMP_ACT_TRACE", "errnoRet": 7}')" mkdir /tmp/x
check_fails "several names in a rule: the first" 1 'not permitted' filtered "$(rules '{"names": ["mkdir", "rmdir"], "action": "SCMP_ACT_ERRNO"}')" mkdir /tmp/x
check_fails "several names in a rule: the second" 1 'not permitted' filtered "$(rules '{"names": ["mkdir", "rmdir"], "action": "SCMP_ACT_ERRNO"}')" rmdir /mnt
check "names that this machine does not know are left out" filtered "$(rules '{"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}')" true

# --- operators: kill(pid, signal) by the shell -----------------------------------------------
# kill -0 $$ succeeds unless the filter catches the signal number in argument 1.
by_signal() { # OP VALUE [VALUE_TWO]: prints the signals out of 0, 16 (STKFLT) and 23 (URG) that are refused
    filtered "$(rules "$(deny kill "\"args\": [{\"index\": 1, \"op\": \"SCMP_CMP_$1\", \"value\": $2, \"valueTwo\": ${3:-0}}]")")" \
        sh -c 'trap "" 16; for s in 0 16 23; do kill -$s $$ 2>/dev/null || printf "%s " $s; done; echo'
}
check_output "EQ" '16 ' by_signal EQ 16
check_output "NE" '0 23 ' by_signal NE 16
check_output "LT" '0 ' by_signal LT 16
check_output "LE" '0 16 ' by_signal LE 16
check_output "GT" '23 ' by_signal GT 16
check_output "GE" '16 23 ' by_signal GE 16
check_output "MASKED_EQ: value is the mask, valueTwo what is left" '16 23 ' by_signal MASKED_EQ 16 16
two='"args": [{"index": 1, "op": "SCMP_CMP_EQ", "value": 16}, {"index": 0, "op": "SCMP_CMP_EQ", "value": 1}]'
check_output "all arguments of a rule have to fit: signal 16 to process 1" '16 ' filtered "$(rules "$(deny kill "$two")")" \
    sh -c 'trap "" 16; for s in 0 16 23; do kill -$s $$ 2>/dev/null || printf "%s " $s; done
        sleep 9 & kill -16 $! 2>/dev/null || printf other; echo'
check_output "one of several rules is enough" '0 23 ' filtered \
    "$(rules "$(deny kill '"args": [{"index": 1, "op": "SCMP_CMP_EQ", "value": 0}]')" "$(deny kill '"args": [{"index": 1, "op": "SCMP_CMP_EQ", "value": 23}]')")" \
    sh -c 'for s in 0 16 23; do [ $s = 16 ] || kill -$s $$ 2>/dev/null || printf "%s " $s; done; echo'

# --- flags -----------------------------------------------------------------------------------------
flagged() { configure "$(rules "$(deny mkdir)" | jq -c ".flags = [\"$1\"]")" sh -c "$(field Seccomp)" && rt run -b b one; }
if is_ocirun; then # runc 1.1.5 has none of them
    for flag in SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW; do check_output "$flag" 2 flagged "$flag"; done
    check_match "SPEC_ALLOW leaves speculation alone" 'vulnerable|not affected|globally mitigated|thread ' \
        filtered "$(rules "$(deny mkdir)" | jq -c '.flags = ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]')" sh -c "$(field Speculation_Store_Bypass)"
fi

# --- with and without noNewPrivileges, other users --------------------------------------------------
user() {
    configure "$(rules "$(deny mkdir)")" sh -c "$(field NoNewPrivs); mkdir /tmp/z 2>/dev/null || echo refused"
    edit_config b ".process.noNewPrivileges = $1 | .process.user.uid = 1000" && rt run -b b one
}
check_output "the filter holds for another user, with noNewPrivileges" $'1\nrefused' user true
check_output "and without it" $'0\nrefused' user false

# --- exec ------------------------------------------------------------------------------------------
configure "$(rules "$(deny mkdir)")" sleep 1000
check "a filtered container" rt run -d -b b one
check_fails "exec is filtered too" 1 'not permitted' rt exec one mkdir /tmp/w
check_output "once" 1 rt exec one sh -c "$(field Seccomp_filters)"
check "delete" rt delete --force one

# --- the profile of Docker's kind: a long list of allowed calls --------------------------------------
long=$(jq -nc '{defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    syscalls: [{names: [range(0; 400) | "call_\(.)"], action: "SCMP_ACT_ALLOW"},
      {names: $ARGS.positional, action: "SCMP_ACT_ALLOW"},
      {names: ["personality"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 0, op: "SCMP_CMP_EQ"}]}]}' --args -- \
    $(awk '$1 == "#define" && $2 ~ /^__NR_/ { print substr($2, 6) }' /usr/include/x86_64-linux-gnu/asm/unistd_64.h 2>/dev/null | grep -v -x -e mkdir -e mkdirat || echo read))
if [ -e /usr/include/x86_64-linux-gnu/asm/unistd_64.h ]; then
    check_output "hundreds of names, several architectures" $'2\nrefused' filtered "$long" sh -c "$(field Seccomp); mkdir /tmp/z 2>/dev/null || echo refused"
else
    skip "hundreds of names" "the kernel headers are not installed"
fi
is_ocirun && check_fails "a kill by the filter is told" 159 "killed by SIGSYS" sh -c "jq '.linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_KILL_PROCESS\"}]} | .process.args = [\"mkdir\", \"/killed\"]' <b/config.json >b/new && mv b/new b/config.json &&
    '$RUNTIME' --root '$state_root' run --bundle b killed"
assert_nothing_left
finish
