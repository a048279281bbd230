#!/bin/bash
# What the container's process is given: environment, directory, user, capabilities, limits, descriptors.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b
cp b/config.json base.json
# run_with FILTER ARGS...: runs ARGS in the bundle with the base configuration changed by a jq filter.
configure() {
    local filter=$1
    shift
    jq "$filter | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json
}
run_with() { configure "$@" && rt run -b b one; }
status_field() { run_with "$1" sed -n "s/^$2:[[:space:]]*//p" /proc/self/status; }

# --- env, cwd, args --------------------------------------------------------------------------------
check_output "env is exactly the list, and HOME" $'A=1\nB=two words\nHOME=/root\nPATH=/bin' \
    run_with '.process.env = ["PATH=/bin", "A=1", "B=two words"]' sh -c 'env | grep -v -e ^PWD= -e ^SHLVL= | sort'
check_output "the last of two values wins" 2 run_with '.process.env += ["A=1", "A=2"]' sh -c 'echo $A'
check_output "HOME of the config is kept" /elsewhere run_with '.process.env += ["HOME=/elsewhere"]' sh -c 'echo $HOME'
check_output "HOME comes from /etc/passwd of the rootfs" /home/guest run_with '.process.user.uid = 1000' sh -c 'echo $HOME'
check_output "HOME of an unknown user is /" / run_with '.process.user.uid = 4242' sh -c 'echo $HOME'
with_secret() { configure . env && SECRET=1 rt run -b b one | grep -c SECRET || true; }
check_output "the environment of the caller stays outside" 0 with_secret
broken_env() { run_with '.process.env += ["BROKEN"]' true; }
if is_ocirun; then check_fails "an entry without = is an error" 1 'process.env' broken_env; fi
check_output "args keep spaces, quotes and empty strings" $'<a b>\n<>\n<"$x">' run_with . printf '<%s>\n' 'a b' '' '"$x"'
check_output "a name is looked up in the PATH of the config" found run_with '.process.env = ["PATH=/nowhere:/opt/x:/bin"]' echo found
check_output "cwd" /etc run_with '.process.cwd = "/etc"' pwd
check_output "a missing cwd is made" /made/by/runtime run_with '.process.cwd = "/made/by/runtime"' pwd
check_output "a relative program path is taken from cwd" ok run_with '.process.cwd = "/bin"' ./echo ok
check_fails "cwd on a file" 1 'ot a directory' run_with '.process.cwd = "/etc/passwd"' true
mkdir -p b/rootfs/private && chown 1000 b/rootfs/private && chmod 700 b/rootfs/private
check_output "a cwd that only the user may enter" /private run_with '.process.user.uid = 1000 | .process.cwd = "/private"' pwd

# --- user ------------------------------------------------------------------------------------------
ids="sed -n 's/^[UG]id:\t//p' /proc/self/status | tr '\t' ' '"
check_output "uid and gid, all four kinds" $'1000 1000 1000 1000\n100 100 100 100' \
    run_with '.process.user = {uid: 1000, gid: 100}' sh -c "$ids"
check_output "additionalGids" '1 5 77 ' status_field '.process.user.additionalGids = [77, 1, 5]' Groups
check_output "no groups but the listed ones" '' status_field . Groups
check_output "umask is 0022 by default" 0022 status_field . Umask
check_output "umask" 0077 status_field '.process.user.umask = 63' Umask
largest=$(by_runtime 4294967294 2147483647) # runc takes half of the range
check_output "the largest uid" "$largest" run_with ".process.user.uid = $largest" id -u
check_fails "a user may not write what is root's" 1 'ermission denied' \
    run_with '.process.user.uid = 1000' sh -c 'echo x >>/etc/passwd'

# --- capabilities ----------------------------------------------------------------------------------
cap_lines="sed -n 's/^Cap...:\t0*\(.*\)/x\1/p' /proc/self/status | tr '\n' ' '"
caps() { run_with "$1" sh -c "$cap_lines"; }
check_output "five sets, each as written (inheritable, permitted, effective, bounding, ambient)" 'x20 x20 x20 x460 x20 ' caps \
    '.process.capabilities = {bounding: ["CAP_KILL", "CAP_SETGID", "CAP_NET_BIND_SERVICE"],
      permitted: ["CAP_KILL", "CAP_SETGID"], effective: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}
     | .process.user.uid = 1000'
check_output "root gets no more than the bounding set" 'x x20 x20 x20 x ' caps \
    '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
check_output "empty sets are empty" 'x x x x x ' caps '.process.capabilities = {}'
check_output "another user has none without ambient ones" 'x x x x20 x ' caps \
    '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]} | .process.user.uid = 1000'
check_fails "chown needs CAP_CHOWN" 1 'not permitted' run_with . chown 1 /etc/group
check "with CAP_CHOWN it works" run_with '.process.capabilities[] += ["CAP_CHOWN"]' chown 0 /etc/group

# --- limits and flags ------------------------------------------------------------------------------
limits() { run_with "$1" sed -n "s/^Max $2 *\([^ ]*\) *\([^ ]*\).*/\1 \2/p" /proc/self/limits; }
check_output "RLIMIT_NOFILE" '100 200' limits '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]' 'open files'
check_output "RLIMIT_CORE" '0 0' limits '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}]' 'core file size'
sanitized "$RUNTIME" || check_output "RLIMIT_AS" '1000000000 2000000000' \
    limits '.process.rlimits = [{type: "RLIMIT_AS", soft: 1000000000, hard: 2000000000}]' 'address space'
check_output "several limits at once" '33 44' limits \
    '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_MSGQUEUE", soft: 33, hard: 44}]' 'msgqueue size'
check_output "noNewPrivileges true" 1 status_field '.process.noNewPrivileges = true' NoNewPrivs
check_output "noNewPrivileges false" 0 status_field '.process.noNewPrivileges = false' NoNewPrivs
check_output "oomScoreAdj" 555 run_with '.process.oomScoreAdj = 555' cat /proc/self/oom_score_adj
check_output "oomScoreAdj in a user namespace, where the process may not write it itself" 555 run_with '.process.oomScoreAdj = 555
    | .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 300000, size: 65536}] | .linux.gidMappings = .linux.uidMappings' \
    cat /proc/self/oom_score_adj
check_output "oomScoreAdj is inherited when absent" "$(cat /proc/self/oom_score_adj)" run_with . cat /proc/self/oom_score_adj

# --- names of the host and sysctl ------------------------------------------------------------------
check_output "hostname" box run_with . hostname
if is_ocirun; then
    check_output "domainname" example.org run_with '.domainname = "example.org"' cat /proc/sys/kernel/domainname
fi
check_output "the host keeps its name" "$(cat /proc/sys/kernel/hostname)" hostname
check_output "sysctl of the network namespace" 1 \
    run_with '.linux.namespaces += [{type: "network"}] | .linux.sysctl = {"net.ipv4.ip_forward": "1"}' cat /proc/sys/net/ipv4/ip_forward
check_output "sysctl of the ipc namespace" 12345 run_with '.linux.sysctl = {"kernel.msgmax": "12345"}' cat /proc/sys/kernel/msgmax
check_fails "a sysctl of the whole host is refused" 1 'kernel.panic' run_with '.linux.sysctl = {"kernel.panic": "1"}' true
check_fails "a sysctl of a namespace that is shared is refused" 1 'net.ipv4.ip_forward' \
    run_with '.linux.sysctl = {"net.ipv4.ip_forward": "1"}' true
check_fails "a sysctl that does not exist" 1 "$(by_runtime 'net.no.such' 'no such file')" \
    run_with '.linux.namespaces += [{type: "network"}] | .linux.sysctl = {"net.no.such": "1"}' true
check_fails "hostname needs a uts namespace" 1 "$(by_runtime hostname 'UTS')" \
    run_with '.linux.namespaces |= map(select(.type != "uts"))' true

# --- descriptors -----------------------------------------------------------------------------------
open_fds='ls /proc/self/fd | grep -vx 3 | tr "\n" " "' # 3 is the directory that ls reads
check_output "a process has stdin, stdout and stderr only" '0 1 2 ' run_with . sh -c "$open_fds"
leaky() { configure . sh -c "$open_fds" && rt run -b b one 3</ 4</ 7</ 20</; }
check_output "open descriptors of the caller stay outside" '0 1 2 ' leaky
preserved() { configure . sh -c 'cat <&3; cat <&4' && rt run --preserve-fds 2 -b b one 3<first 4<second; }
echo first >first && echo second >second
check_output "--preserve-fds passes the next ones" $'first\nsecond' preserved
one_preserved() { configure . sh -c 'cat <&3; cat <&4 2>/dev/null; true' && rt run --preserve-fds 1 -b b one 3<first 4<second; }
check_output "and not one more" first one_preserved
check_fails "--preserve-fds needs open descriptors" 1 '' rt run --preserve-fds 5 -b b one
socket_fds() {
    configure . sh -c 'echo $LISTEN_FDS $LISTEN_PID; cat <&3'
    # LISTEN_PID has to be the runtime's own pid: a shell sets it and becomes the runtime.
    bash -c 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' - "$RUNTIME" --root "$state_root" run -b b one 3<first
}
check_output "LISTEN_FDS passes sockets on and tells the process" $'1 1\nfirst' socket_fds
foreign_listen() {
    configure . sh -c 'echo "[$LISTEN_FDS]"'
    LISTEN_FDS=1 LISTEN_PID=1 rt run -b b one 3<first
}
check_output "LISTEN_FDS for another process is not used" '[]' foreign_listen

# --- exec ------------------------------------------------------------------------------------------
# Not RLIMIT_NOFILE: a runtime written in Go may raise it (golang issue 46279).
configure '.process.user.additionalGids = [9] | .process.rlimits = [{type: "RLIMIT_MSGQUEUE", soft: 100, hard: 200}]
    | .process.env += ["FROM_CONFIG=yes"] | .process.oomScoreAdj = 300 | .process.cwd = "/tmp"' sleep 1000
check "a container for exec" rt run -d -b b one
check_output "exec inherits capabilities" 'x x20000420 x20000420 x20000420 x ' rt exec one sh -c "$cap_lines"
check_output "exec --cap adds to the sets but never makes them inheritable" 'x' \
    rt exec --cap CAP_KILL one sh -c "sed -n 's/^CapInh:\t0*\(.*\)/x\1/p' /proc/self/status"
check_match "exec inherits limits" '^Max msgqueue size *100 *200 ' rt exec one cat /proc/self/limits
check_output "exec inherits the environment and the directory" 'yes /tmp' rt exec one sh -c 'echo $FROM_CONFIG $PWD'
check_output "exec inherits oomScoreAdj" 300 rt exec one cat /proc/self/oom_score_adj
check_output "exec as another user has no permitted capabilities" x \
    rt exec -u 1000 one sh -c "sed -n 's/^CapPrm:\t0*\(.*\)/x\1/p' /proc/self/status"
check_output "exec sets HOME for its user" /home/guest rt exec -u 1000 one sh -c 'echo $HOME'
exec_leaky() { rt exec one sh -c "$open_fds" 3</ 4</ 9</; }
check_output "exec has stdin, stdout and stderr only" '0 1 2 ' exec_leaky
exec_preserved() { rt exec --preserve-fds 1 one cat /proc/self/fd/3 3<first; }
check_output "exec --preserve-fds" first exec_preserved
check_output "exec --no-new-privs" 1 rt exec --no-new-privs one sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status
check "delete" rt delete --force one
# --- why execve refuses a program ------------------------------------------------------------------
if is_ocirun; then
    printf '#!/no/bash\n' >b/rootfs/bin/missing
    printf '#!/bin/sh\r\n' >b/rootfs/bin/windows
    printf 'echo hello\n' >b/rootfs/bin/plain
    printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0' >b/rootfs/bin/arm
    truncate -s 64 b/rootfs/bin/arm
    chmod 0755 b/rootfs/bin/{missing,windows,plain,arm}
    check_fails "an interpreter that is not there" 1 'its interpreter "/no/bash" is not in the container' run_with . /bin/missing
    check_fails "line ends of Windows" 1 'so that its interpreter is "/bin/sh\r"' run_with . /bin/windows
    check_fails "no #! line" 1 'neither a program nor a script' run_with . /bin/plain
    check_fails "another machine" 1 "it is a program for aarch64" run_with . /bin/arm
    check_fails "a filter without execve" 1 "does the seccomp filter (linux.seccomp) allow execve?" run_with \
        '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve"], action: "SCMP_ACT_ERRNO"}]}' true
    check_fails "a file that is not executable has its mode told" 1 "has mode 0644" run_with . /etc/passwd
fi

assert_nothing_left
finish
