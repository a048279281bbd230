#!/bin/bash
# What has gone wrong in other runtimes with processes: descriptors, capabilities, groups, terminals, devices, limits of
# buffers, files that others can read. Each check begins with the row of the catalogue of such bugs that it stands for.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "the rows are ocirun's promises"

make_bundle b
cp b/config.json base.json
configure() { # FILTER ARGS...
    local filter=$1
    shift
    jq --arg dir "$test_dir" "$filter | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json
}
run_with() { configure "$@" && rt run -b b one; }
user_namespace='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
all_capabilities='.process.capabilities = (["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_KILL", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"] as $c | {bounding: $c, effective: $c, permitted: $c})'
# The host's own Python inside the container, for what busybox has no command for.
with_python='.mounts += [("/usr", "/lib", "/lib64") | {destination: ., type: "bind", source: ., options: ["rbind", "ro"]}]'
python() { run_with "$with_python | $1" /usr/bin/python3 -c "$2"; }

# --- R02 (CVE-2016-9962): nobody looks into a process that is on its way in --------------------------------
cat >b/rootfs/watch.sh <<'S'
# Prints what can be seen of every process that is not one of these shells.
while [ ! -e /stop ]; do
    for p in /proc/[0-9]*; do
        case $p in /proc/1 | /proc/$$) continue ;; esac
        for link in exe cwd root; do
            to=$(readlink "$p/$link" 2>/dev/null) && echo "$link $to"
        done
        for fd in "$p"/fd/*; do
            to=$(readlink "$fd" 2>/dev/null) && echo "fd $to"
        done
    done
done
S
watched_execs() { # FILTER: what a watcher in the container sees of 150 processes that join
    local i
    rm -f b/rootfs/stop
    configure "$1" sh -c 'sh /watch.sh >/seen'
    rt run --detach -b b watcher </dev/null >/dev/null 2>&1 || return 1
    for ((i = 0; i < 150; ++i)); do rt exec watcher true </dev/null >/dev/null 2>&1 || return 1; done
    rt exec watcher sleep 0.3 </dev/null >/dev/null 2>&1
    : >b/rootfs/stop
    wait_until 20 status_is watcher stopped
    rt delete --force watcher
    sort -u b/rootfs/seen | grep -vE '^(exe|cwd|root|fd) (/|/bin/.*|/dev/null|/seen|/watch.sh|/proc/[0-9]+/fd|pipe:.*)$'
    return 0
}
check_output "R02: 150 processes that join, seen by root of a user namespace with CAP_SYS_PTRACE: nothing of the host" '' watched_execs "$user_namespace | $all_capabilities"
check "R02: the watcher saw processes" grep -q '^root /$' b/rootfs/seen
check_output "R02: seen by root without that capability" '' watched_execs .
check_output "R02: init is not dumpable before execve, and is afterwards" 1 run_with . sh -c '[ -r /proc/self/environ ] && echo 1'

# --- R04 (CVE-2019-14271): no code of the container runs in the runtime -------------------------------------
if command -v strace >/dev/null; then
    mkdir -p b/rootfs/lib/x86_64-linux-gnu/gconv b/rootfs/usr/lib/locale b/rootfs/sbin
    for library in libnss_files.so.2 libnss_compat.so.2 libc.so.6 libpthread.so.0; do echo trojan >"b/rootfs/lib/x86_64-linux-gnu/$library"; done
    echo /lib/evil.so >b/rootfs/etc/ld.so.preload
    echo 'passwd: evil' >b/rootfs/etc/nsswitch.conf
    for program in newuidmap newgidmap git tar xz unpigz mount modprobe criu; do printf '#!/bin/sh\necho trojan >/trojan\n' >"b/rootfs/sbin/$program" && chmod 755 "b/rootfs/sbin/$program"; done
    traced() { strace -f -qq -o trace.new -e trace=execve,execveat,open,openat,openat2 "$RUNTIME" --root "$state_root" "$@" </dev/null; cat trace.new >>trace; }
    : >trace
    configure '.process.user = {uid: 1000, gid: 1000, additionalGids: [10]}' /bin/true
    check "R04: run with traps in the root" traced run -b b one
    configure '.process.user = {uid: 1000, gid: 1000}' sleep 1000
    # It follows init too, until that one ends.
    strace -f -qq -o trace.create -e trace=execve,execveat,open,openat,openat2 "$RUNTIME" --root "$state_root" create -b b one </dev/null >/dev/null 2>&1 &
    expect_process $!
    check "R04: create" wait_until 30 status_is one created
    for verb in start 'exec --user 1000:1000' 'exec --user 77' pause resume 'events --stats' 'update --pids-limit 50' 'kill' 'delete --force'; do
        # shellcheck disable=SC2086 # verbs with options
        case $verb in exec*) traced $verb one /bin/true ;; kill) traced kill one KILL ;; *) traced $verb one ;; esac >/dev/null 2>&1
    done
    wait
    cat trace.create >>trace
    sanitized "$RUNTIME" || check_output "R04: no library of the root was opened" '' sh -c "grep -E '\\.so|gconv|locale|preload|nsswitch' trace | grep -v ENOENT || true"
    check_output "R04: nothing of the root was executed but what was asked for" '' sh -c "grep -E 'execve(at)?\\(' trace | grep -vE '= -1|\"$RUNTIME\"|\"\"|\"/bin/(true|sleep)\"' || true"
    check_not "R04: no trojan ran" test -e b/rootfs/trojan
    rm -rf b/rootfs/lib b/rootfs/etc/ld.so.preload b/rootfs/etc/nsswitch.conf
else
    skip "R04" "strace is not installed"
fi
if sanitized "$RUNTIME"; then
    skip "R04, R34" "how the program is linked is another matter with the sanitizers"
elif command -v readelf >/dev/null; then
    check_output "R04: the program needs no library" '' sh -c "readelf -d '$RUNTIME' | grep NEEDED || true"
    check "R34: it is position independent" sh -c "readelf -hW '$RUNTIME' | grep -q 'Type:.*DYN'"
    check "R34: its relocations are read-only at once" sh -c "readelf -lW '$RUNTIME' | grep -q GNU_RELRO && readelf -dW '$RUNTIME' | grep -qE 'NOW'"
    check "R34: its stack is not executable" sh -c "readelf -lW '$RUNTIME' | grep GNU_STACK | grep -q 'RW '"
fi

# --- R14 (CVE-2024-21626): the process has nothing open but its own -----------------------------------------
listed_descriptors() { run_with . sh -c 'exec 9<&-; for fd in /proc/self/fd/*; do readlink $fd; done | grep -v "^/proc/[0-9]*/fd$"' 3</ 4<"$test_dir" 10</etc 40</; }
check_output "R14: a caller that leaks directories" $'/dev/null' bash -c "$(declare -f listed_descriptors run_with configure rt); RUNTIME='$RUNTIME' state_root='$state_root' test_dir='$test_dir'; listed_descriptors | grep -vE '^(pipe:|/dev/null|$test_captures)' ; echo /dev/null"

# --- R17 (CVE-2018-10856): another user than root has what it is given, and no more --------------------------
sets() { sed -n 's/^Cap\(Inh\|Prm\|Eff\|Bnd\|Amb\):\t0*\(.*\)$/\1=\2/p' /proc/self/status; }
declare -f sets >b/rootfs/sets.sh && echo sets >>b/rootfs/sets.sh
user='.process.user = {uid: 1000, gid: 1000}'
sets_of() { run_with "$1" sh /sets.sh | tr '\n' ' '; }
check_output "R17: a user's permitted and effective capabilities end at execve" 'Inh= Prm= Eff= Bnd=20 Amb= ' sets_of "$user | .process.capabilities = ([\"CAP_KILL\"] as \$c | {bounding: \$c, permitted: \$c, effective: \$c})"
check_output "R17: ambient ones come from the configuration alone" 'Inh=20 Prm=20 Eff=20 Bnd=20 Amb=20 ' sets_of "$user | .process.capabilities = ([\"CAP_KILL\"] as \$c | {bounding: \$c, permitted: \$c, effective: \$c, inheritable: \$c, ambient: \$c})"
check_output "R17: inheritable without ambient gives nothing" 'Inh=20 Prm= Eff= Bnd=20 Amb= ' sets_of "$user | .process.capabilities = ([\"CAP_KILL\"] as \$c | {bounding: \$c, permitted: \$c, effective: \$c, inheritable: \$c})"
check_output "R17: none at all" 'Inh= Prm= Eff= Bnd= Amb= ' sets_of "$user | .process.capabilities = {}"

# --- R19 (CVE-2021-43784): long values are exact, or refused -------------------------------------------------
length_of() { # BYTES: of a variable with that many
    local value
    value=$(head -c "$1" /dev/zero | tr '\0' x)
    jq --rawfile value <(printf 'LONG=%s' "$value") '.process.env += [$value] | .process.args = ["sh", "-c", "echo ${#LONG}"]' <base.json >b/config.json
    rt run -b b one
}
for size in 65535 65536 65537 131000; do check_output "R19: a variable of $size bytes arrives whole" "$size" length_of "$size"; done
check_fails "R19: one of a megabyte is refused by the kernel, and that is said" 1 'argument list too long' length_of 1048576
for length in 4095 4096 65535 65536 65537; do
    long=$(head -c "$length" /dev/zero | tr '\0' n)
    jq --arg path "/$long" '.linux.namespaces += [{type: "network", path: $path}]' <base.json >b/config.json
    check_fails "R19: the path of a namespace with $length bytes" 1 'linux.namespaces[4]' rt run -b b one
done
map_lines() { # N
    jq --argjson n "$1" '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [range($n) | {containerID: ., hostID: (. * 2), size: 1}]
        | .linux.gidMappings = .linux.uidMappings | .process.args = ["sh", "-c", "wc -l </proc/self/uid_map"]' <base.json >b/config.json
    rt run -b b one
}
check_output "R19: 340 lines of ids are written" 340 map_lines 340
check_fails "R19: 341 are refused" 1 'uid' map_lines 341

# --- R20 (CVE-2021-41103): the state is nobody else's ---------------------------------------------------------
for mask in 000 022 077; do
    rm -rf "$state_root"
    configure . sleep 1000
    check "R20: run with umask $mask" bash -c "umask $mask; '$RUNTIME' --root '$state_root' run --detach -b b one </dev/null >/dev/null"
    check "R20: exec, update, events" bash -c "umask $mask; '$RUNTIME' --root '$state_root' exec one true && '$RUNTIME' --root '$state_root' update --pids-limit 50 one || true"
    check_output "R20: nothing there is open to others (umask $mask)" '' find "$state_root" -perm /077 ! -type s
    check_not "R20: another user cannot look (umask $mask)" setpriv --reuid=65534 --regid=65534 --clear-groups ls "$state_root/one"
    check_not "R20: nor read what it knows by name" setpriv --reuid=65534 --regid=65534 --clear-groups cat "$state_root/one/config.json"
    rt delete --force one
done

# --- R21 (CVE-2020-15257): no socket that a container on the host's network could reach -------------------------
sockets() { cut -d' ' -f8- /proc/net/unix | grep '^@' | sort; }
sockets >sockets.before
configure . sleep 1000
check "R21: create on the host's network" rt create -b b one
check_output "R21: no abstract socket is there" '' sh -c "cut -d' ' -f8- /proc/net/unix | grep '^@' | sort | comm -13 sockets.before -"
check_match "R21: the start socket has a path in the state directory only" 's.........' stat -c %A "$state_root/one/start.sock"
rt delete --force one

# --- R29 (CVE-2022-2989): groups ---------------------------------------------------------------------------------
while IFS='=' read -r user expected; do
    check_output "R29: groups of $user" "$expected" run_with ".process.user = $user" sh -c 'echo $(id -u) $(id -g) $(id -G)'
done <<'T'
{"uid": 0, "gid": 0}=0 0 0
{"uid": 1000, "gid": 1000}=1000 1000 1000
{"uid": 1000, "gid": 1000, "additionalGids": [10]}=1000 1000 1000 10
{"uid": 1000, "gid": 1000, "additionalGids": [1000, 5, 7]}=1000 1000 1000 5 7
{"uid": 0, "gid": 5}=0 5 5
T
echo secret >b/rootfs/negative && chown 0:1000 b/rootfs/negative && chmod 0604 b/rootfs/negative
check_fails "R29: a file that the group may not read, by its gid" 1 'Permission denied' run_with '.process.user = {uid: 5, gid: 1000}' cat /negative
check_fails "R29: by an additional gid" 1 'Permission denied' run_with '.process.user = {uid: 5, gid: 5, additionalGids: [1000]}' cat /negative
check_output "R29: by neither" secret run_with '.process.user = {uid: 5, gid: 5}' cat /negative
check_fails "R29: by exec --additional-gids" 1 'Permission denied' bash -c "jq '.process.args = [\"sleep\", \"1000\"]' base.json >b/config.json; '$RUNTIME' --root '$state_root' run --detach -b b one </dev/null >/dev/null && '$RUNTIME' --root '$state_root' exec --user 5:5 --additional-gids 1000 one cat /negative"
rt delete --force one

# --- R30 (CVE-2017-5226): no way into the terminal of who runs the runtime -----------------------------------------
cat >terminal.py <<'P'
import os, pty, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
out = b""
while True:
    try:
        data = os.read(master, 4096)
    except OSError:
        break
    if not data:
        break
    out += data
sys.stdout.write(out.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
push='
import fcntl, os, sys, termios
for request, data in ((termios.TIOCSTI, b"x"), (0x541C, b"\x03")):
    try:
        fcntl.ioctl(0, request, data)
        print("pushed")
    except OSError as error:
        print("refused")
try:
    os.open("/dev/tty", os.O_RDWR)
    print("a controlling terminal")
except OSError:
    print("none")
'
configure "$with_python | .process.capabilities = ([\"CAP_SYS_ADMIN\"] as \$c | {bounding: \$c, effective: \$c, permitted: \$c})" /usr/bin/python3 -c "$push"
check_output "R30: the caller's terminal is no controlling one, even with CAP_SYS_ADMIN" none \
    bash -c "python3 terminal.py '$RUNTIME' --root '$state_root' run -b b one | tr -d '\r' | tail -n 1"
configure "$with_python" /usr/bin/python3 -c "$push"
check_output "R30: without it they are refused" $'refused\nrefused\nnone' python3 terminal.py "$RUNTIME" --root "$state_root" run -b b one
configure "$with_python" sleep 1000
rt run --detach -b b one
check_output "R30: exec as well" $'refused\nrefused\nnone' python3 terminal.py "$RUNTIME" --root "$state_root" exec one /usr/bin/python3 -c "$push"
rt delete --force one

# --- R31: system calls that do not exist -----------------------------------------------------------------------------
filter='.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64"], syscalls: [{names: ["mount"], action: "SCMP_ACT_ERRNO"}]}'
allow_all='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 1}]}'
unknown='
import ctypes, errno
c = ctypes.CDLL(None, use_errno=True)
c.syscall(9999)
print(errno.errorcode[ctypes.get_errno()])
'
check_output "R31: an unknown call with a filter that allows" ENOSYS python "$allow_all" "$unknown"
"$OCI_BUILD/tests/docker_seccomp" >filter.json 2>/dev/null
if [ -s filter.json ]; then
    check_output "R31: an unknown call with Docker's filter, which refuses" ENOSYS python ".linux.seccomp = $(jq -c .linux.seccomp filter.json)" "$unknown"
fi

# --- R32: rules of devices, by what a process can do ------------------------------------------------------------------
# The usual devices stay allowed whatever is configured, as does making nodes; so others are tried, as far as this
# machine has them.
device_try='
import os
out = []
for name in sorted(os.listdir("/host")):
    said = ""
    for letter, mode in (("r", os.O_RDONLY), ("w", os.O_WRONLY)):
        try:
            os.close(os.open("/host/" + name, mode))
            said += letter
        except OSError:
            pass
    out.append(name + "=" + said)
print(" ".join(out))
'
mkdir nodes
tried=0
for minor in 183 223 229 232 234 235 236 237 200; do
    mknod "nodes/$minor" c 10 "$minor"
    if [ "$tried" -lt 3 ] && [ "$minor" != 200 ] && (exec 7<>"nodes/$minor") 2>/dev/null; then
        tried=$((tried + 1)) && mv "nodes/$minor" "nodes/$tried"
        eval "minor_$tried=$minor"
    else
        rm "nodes/$minor"
    fi
done
devices() { # RULES: what is possible with the three devices
    python '.linux.resources.devices += '"$1"' | .mounts += [{destination: "/host", type: "bind", source: ($dir + "/nodes"), options: ["bind"]}]' "$device_try"
}
rule() { printf '{"allow": %s, "type": "c", "major": 10, "minor": %s, "access": "%s"}' "$1" "$2" "$3"; }
if [ -z "$(ls /sys/fs/cgroup 2>/dev/null)" ] || [ "$tried" -lt 3 ]; then
    skip "R32" "there are no cgroups, or no three devices to try"
else
    # shellcheck disable=SC2154 # set by eval above
    {
        check_output "R32: what is not allowed is denied" '1= 2= 3=' devices '[]'
        check_output "R32: each letter for itself" '1=r 2=w 3=rw' devices "[$(rule true $minor_1 r), $(rule true $minor_2 w), $(rule true $minor_3 rw)]"
        check_output "R32: later rules win" '1= 2=w 3=rw' devices "[$(rule true $minor_1 rwm), $(rule true $minor_2 rwm), $(rule true $minor_3 rwm), $(rule false $minor_1 rw), $(rule false $minor_2 r)]"
        [ ! -e /sys/fs/cgroup/cgroup.procs ] || # on cgroup v1 a hole in a range is refused
            check_output "R32: a whole major, less one" '1= 2=rw 3=rw' devices "[{\"allow\": true, \"type\": \"c\", \"major\": 10, \"access\": \"rwm\"}, $(rule false $minor_1 rw)]"
        check_output "R32: everything, less one letter" '1=rw 2=rw 3=r' devices "[{\"allow\": true, \"access\": \"rwm\"}, $(rule false $minor_3 w)]"
        check_output "R32: block devices are others" '1= 2= 3=' devices "[{\"allow\": true, \"type\": \"b\", \"major\": 10, \"access\": \"rwm\"}]"
    }
fi
if [ -e /sys/fs/cgroup/cgroup.procs ]; then
    programs() { # how many device filters are attached to the container's cgroup
        python3 - "$(find /sys/fs/cgroup -type d -name "$test_cgroup*" | head -n 1)" <<'P'
import ctypes, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
ids = (ctypes.c_uint32 * 64)()
attr = ctypes.create_string_buffer(struct.pack("<IIIIQII", fd, 6, 0, 0, ctypes.addressof(ids), 64, 0) + bytes(200))
if ctypes.CDLL(None).syscall(321, 16, attr, 64) != 0: sys.exit(1)
print(struct.unpack_from("<I", attr.raw, 24)[0])
P
    }
    configure . sleep 1000
    rt run --detach -b b one
    check_output "R32: one filter is attached" 1 programs
    for i in $(seq 20); do echo '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": '"$i"', "access": "rwm"}]}' | timeout 20 "$RUNTIME" --root "$state_root" update -r - one; done
    check_output "R32: and one after twenty updates" 1 programs
    rt delete --force one
fi

# --- R34: long names and chains ------------------------------------------------------------------------------------------
for length in 106 107 108 109; do
    path=$test_dir/s
    path=$path$(head -c $((length - ${#path})) /dev/zero | tr '\0' s)
    configure '.process.terminal = true' true
    run_captured rt create -b b --console-socket "$path" one
    if [ "$test_status" -eq 1 ] && grep -q -- '--console-socket' "$test_err"; then passed "R34: a socket path of $length bytes ends in a sentence"; else failed "R34: a socket path of $length bytes" "status $test_status" "$(cat "$test_err")"; fi
done
name=$(head -c 250 /dev/zero | tr '\0' l)
mkdir b/rootfs/chain
for i in $(seq 1 45); do ln -s "$name$((i + 1))" "b/rootfs/chain/$name$i"; done
mkdir "b/rootfs/chain/${name}46"
check_fails "R34: forty-five links of 250 bytes each" 1 'mounts[6]' run_with '.mounts += [{destination: "/chain/'"$name"'1/x", type: "tmpfs", source: "t"}]' true
# Of the 40 links that the kernel follows it counts those of a lookup twice that it had to begin anew.
check "R34: sixteen of them are followed" run_with '.mounts += [{destination: "/chain/'"$name"'30/x", type: "tmpfs", source: "t"}]' true
rm -rf b/rootfs/chain

# --- R37: devices of the host keep their owners -----------------------------------------------------------------------------
nodes() { stat -c '%n %u:%g %a' /dev/null /dev/zero /dev/tty /dev/full; }
nodes >nodes.before
check "R37: another user on /dev/null, /dev/zero and /dev/full" bash -c "$(declare -f run_with configure rt); RUNTIME='$RUNTIME' state_root='$state_root' test_dir='$test_dir'; run_with '.process.user = {uid: 1000, gid: 1000}' true </dev/zero >/dev/null 2>/dev/full"
check "R37: in a user namespace" bash -c "$(declare -f run_with configure rt); RUNTIME='$RUNTIME' state_root='$state_root' test_dir='$test_dir'; run_with '$user_namespace | .process.user = {uid: 1000, gid: 1000}' true </dev/null >/dev/null 2>/dev/null"
nodes >nodes.after
check "R37: they are as they were" cmp nodes.before nodes.after

# --- R39 (CVE-2022-23471): no waiting for processes in the background, no memory for what nobody reads ---------------------------
configure . sleep 1000
rt run --detach -b b one
early() { # ARGS: exec of a shell that leaves something behind; ends in time?
    local begin=$SECONDS
    timeout -s KILL 20 "$RUNTIME" --root "$state_root" exec "$@" one sh -c 'sleep 600 & echo hi' </dev/null > >(cat >said) || return 1
    [ $((SECONDS - begin)) -lt 5 ]
}
check "R39: exec ends when its process does, whatever holds its pipe" early
check "R39: also on a terminal" python3 terminal.py timeout -s KILL 20 "$RUNTIME" --root "$state_root" exec --tty one sh -c 'sleep 600 & echo hi'
mkfifo unread
exec 8<>unread
blocked() { # a terminal whose reader has stopped: the runtime waits without work and without memory
    python3 - "$RUNTIME" --root "$state_root" exec --tty one sh -c 'yes' <<'P'
import os, pty, sys, time
pid, master = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
time.sleep(1)
def usage():
    fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12]), int(fields[21])
first, resident = usage()
time.sleep(3)
last, now = usage()
os.kill(pid, 9)
os.waitpid(pid, 0)
print("ticks", last - first, "pages", now - resident)
sys.exit(0 if last - first <= 6 and now - resident < 64 else 1)
P
}
check "R39: a terminal that nobody reads costs neither time nor memory" blocked
exec 8>&-
rt delete --force one
assert_nothing_left
finish
