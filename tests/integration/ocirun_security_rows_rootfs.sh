#!/bin/bash
# What has gone wrong in other runtimes with root filesystems: mounts that were redirected, masks that were none,
# options that were lost. Each check begins with the row of the catalogue of such bugs that it stands for; links that
# only stand there are in ocirun_hostile_rootfs.sh, here they move (the number of tries is in the name).
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
outside=$test_dir/outside
mkdir -p "$outside/dir" && echo canary >"$outside/file" && echo canary >"$outside/dir/file"
fingerprint() { (cd "$outside" && find . -printf '%p %y %m %U:%G %T@ %C@ %s\n' | sort && cat file dir/file); }
fingerprint >before
host_mounts() { cut -d' ' -f4- /proc/self/mountinfo | grep -v "$test_dir/state" | sort; }
host_mounts >mounts.before
unharmed() { # NAME
    fingerprint >after
    host_mounts >mounts.after
    if cmp -s before after && cmp -s mounts.before mounts.after; then
        passed "$1: the host is unharmed"
    else
        failed "$1: the host is unharmed" "$(diff before after)" "$(diff mounts.before mounts.after)"
    fi
}
swapping() { # ONE OTHER: from here on, until still
    python3 "$here/../support/swap.py" "$1" "$2" >swap.said &
    swapper=$!
    expect_process "$swapper"
    wait_until 10 test -s swap.said
}
still() { kill "$swapper" && wait "$swapper" 2>/dev/null; }

# --- R05 (CVE-2019-16884): nothing covers what is read and written in /proc -------------------------------
for place in /proc /proc/self /proc/self/attr /proc/net/dev /proc/sys/kernel /proc/../proc/self /proc/1; do
    check_fails "R05: a tmpfs on $place is refused" 1 'mounts[' run_with ".mounts += [{destination: \"$place\", type: \"tmpfs\", source: \"t\"}]" true
    check_fails "R05: a bind on $place is refused" 1 'mounts[' run_with ".mounts += [{destination: \"$place\", type: \"bind\", source: (\$dir + \"/outside\"), options: [\"bind\"]}]" true
done
check_output "R05: what lxcfs covers may be covered" canary run_with '.mounts += [{destination: "/proc/uptime", type: "bind", source: ($dir + "/outside/file"), options: ["bind", "ro"]}]' cat /proc/uptime
unharmed R05

# --- R07, R08, R13: a directory and a link change places while a container is started --------------------
mkdir -p volume/place volume/second
ln -s "$outside/dir" volume/link
ln -s "$outside/dir" volume/second-link
volume='.mounts += [{destination: "/vol", type: "bind", source: ($dir + "/volume"), options: ["rbind"]}]'
tries=40
started=0
race() { # ROW FILTER: many starts; how many went well is told
    local i good=0
    configure "$volume | $2" true
    for ((i = 0; i < tries; ++i)); do
        rt run -b b one >/dev/null 2>&1 && good=$((good + 1))
        rt delete --force one 2>/dev/null
    done
    started=$good
    unharmed "$1, $tries starts of which $good went well"
}
swapping volume/place volume/link
race 'R07: tmpfs on a name that changes' '.mounts += [{destination: "/vol/place", type: "tmpfs", source: "t"}]'
race 'R07: bind below a name that changes' '.mounts += [{destination: "/vol/place/sub", type: "bind", source: "/usr", options: ["bind"]}]'
race 'R08: a missing file below a name that changes' '.mounts += [{destination: "/vol/place/a/b/c/f", type: "bind", source: "/etc/hostname", options: ["bind"]}]'
race 'R13: a read-only path that changes' '.linux.readonlyPaths += ["/vol/place"]'
race 'R09: a masked path that changes' '.linux.maskedPaths += ["/vol/place"]'
race 'R28: a working directory that changes' '.process.cwd = "/vol/place/new/cwd"'
still
check "R07: without the race it starts" run_with "$volume" true
check_output "R13: a read-only path is read-only" 'sh: can'"'"'t create /vol/second/x: Read-only file system' \
    run_with "$volume | .linux.readonlyPaths += [\"/vol/second\"]" sh -c 'echo x 2>&1 >/vol/second/x || true' 2>&1 || true

# Several creators of one mount point do not trip over each other.
for i in 1 2 3 4; do
    jq --arg n "$i" '.mounts += [{destination: "/shared/deep/er/place", type: "tmpfs", source: "t"}] | .linux.cgroupsPath += $n | .process.args = ["true"]' <base.json >"config$i.json"
done
together() {
    local round i jobs_left
    for ((round = 0; round < 4; ++round)); do
        rm -rf b/rootfs/shared
        jobs_left=()
        for i in 1 2 3 4; do
            rt run -b b --config "$test_dir/config$i.json" "many$i" </dev/null &
            jobs_left+=($!)
        done
        for i in "${jobs_left[@]}"; do wait "$i" || return 1; done
    done
}
check "R08: four creators of one mount point at the same time, four times" together
rm -rf b/rootfs/shared

# --- R09 (CVE-2025-31133): /dev/null of the container becomes something else -----------------------------
mkdir device-volume
mknod device-volume/null c 1 3
ln -s "$outside/file" device-volume/other
dev_volume='.mounts |= map(select(.destination | startswith("/dev") | not)) | .mounts += [{destination: "/dev", type: "bind", source: ($dir + "/device-volume"), options: ["bind"]}] | .linux.maskedPaths = ["/etc/passwd"]'
swapping device-volume/null device-volume/other
masks_hold() {
    local i kind
    configure "$dev_volume" stat -c %t:%T /etc/passwd
    for ((i = 0; i < tries; ++i)); do
        if kind=$(rt run -b b one 2>/dev/null) && [ "$kind" != 1:3 ]; then echo "try $i: $kind"; fi
        rt delete --force one 2>/dev/null
    done
}
check_output "R09: $tries starts with a /dev/null that changes: masked by the real one, or not started" '' masks_hold
still
unharmed R09

# --- R10 (CVE-2025-52565): the terminal is a real one, and bound where it belongs -------------------------
cat >accept.py <<'P'
import socket, subprocess, sys
server = socket.socket(socket.AF_UNIX)
server.bind("console")
server.listen(1)
server.settimeout(5)
sys.exit(subprocess.call(sys.argv[1:]))
P
terminal() { # NAME FILTER: a container with a terminal is created, and runs or is refused
    configure ".process.terminal = true | $2" true
    rm -f console
    python3 accept.py timeout -s KILL 20 "$RUNTIME" --root "$state_root" create -b b --console-socket console one >/dev/null 2>&1
    [ $? -ne 137 ] || failed "R10: $1 ends" "the runtime hangs"
    rt delete --force one 2>/dev/null
    unharmed "R10: $1"
}
no_dev='.mounts |= map(select(.destination | startswith("/dev") | not))'
terminal "a tmpfs on /dev/pts" '.mounts |= map(if .destination == "/dev/pts" then {destination: "/dev/pts", type: "tmpfs", source: "t"} else . end)'
for entry in console ptmx pts pts/ptmx; do
    rm -rf b/rootfs/dev && mkdir -p b/rootfs/dev/pts
    [ "$entry" != pts ] || rmdir b/rootfs/dev/pts
    ln -s "$outside/file" "b/rootfs/dev/$entry"
    terminal "/dev/$entry is a link" "$no_dev"
done
rm -rf b/rootfs/dev && mkdir -p b/rootfs/dev/pts
cp "$outside/file" b/rootfs/dev/pts/ptmx
terminal "/dev/pts/ptmx is a file" "$no_dev"
rm -rf b/rootfs/dev && mkdir b/rootfs/dev

# --- R11 (CVE-2025-52881): writes to procfs go to procfs --------------------------------------------------
hook() { # COMMAND: a filter with a hook in the container's mount namespace, before its root is entered
    printf '.hooks = {createContainer: [{path: "/bin/sh", args: ["sh", "-c", "%s"]}]}' "$1"
}
sysctl='.linux.sysctl = {"kernel.msgmax": "9000"}'
check_output "R11: a sysctl is written where it is, whatever a hook mounts in the container's namespace" 9000 \
    run_with "$(hook "mount --bind $outside/file /proc/sys/kernel/msgmax") | $sysctl" cat /proc/sys/kernel/msgmax
check_output "R11: a directory of sysctls that a hook has covered there" 9000 \
    run_with "$(hook 'mount -t tmpfs t /proc/sys/kernel && echo 1 >/proc/sys/kernel/msgmax') | $sysctl" cat /proc/sys/kernel/msgmax
check_output "R11: oom_score_adj that a hook has redirected there" 500 \
    run_with "$(hook "for p in /proc/[0-9]*; do mount --bind $outside/file \$p/oom_score_adj 2>/dev/null; done; true") | .process.oomScoreAdj = 500" cat /proc/self/oom_score_adj
unharmed R11
mount --bind "$outside/file" /proc/sys/kernel/msgmax
# The kernel shows every namespace its own entry: the covered one is not met.
check_output "R11: a file that is mounted over a sysctl of the host is not written" 9000 run_with "$sysctl" cat /proc/sys/kernel/msgmax
check_output "R11: it is as it was" canary cat /proc/sys/kernel/msgmax
umount /proc/sys/kernel/msgmax
mount -t tmpfs t /proc/sys/kernel && echo 1 >/proc/sys/kernel/msgmax
check_fails "R11: nor one in a directory that is covered" 1 'linux.sysctl' run_with "$sysctl" true
check_output "R11: it is as it was" 1 cat /proc/sys/kernel/msgmax
umount /proc/sys/kernel
(until [ -e "$test_dir/enough" ]; do mount --bind "$outside/file" /proc/sys/kernel/msgmax && umount /proc/sys/kernel/msgmax; done) >/dev/null 2>&1 &
mounter=$!
expect_process "$mounter"
sysctl_races() {
    local i
    configure "$sysctl" cat /proc/sys/kernel/msgmax
    for ((i = 0; i < 30; ++i)); do
        rt run -b b one 2>/dev/null | grep -vx 9000
        rt delete --force one 2>/dev/null
    done
    true
}
check_output "R11: thirty starts while something comes and goes over a sysctl" '' sysctl_races
# Not killed: its mount would go on. Where umount found the file in use there is more than one.
touch "$test_dir/enough" && wait "$mounter"
while umount /proc/sys/kernel/msgmax 2>/dev/null; do :; done
check_output "R11: without such a hook the values arrive" '9000 500' run_with '.linux.sysctl = {"kernel.msgmax": "9000"} | .process.oomScoreAdj = 500' sh -c 'echo $(cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj)'
unharmed R11

# --- R15 (CVE-2025-24965): every name that create writes, as a link ---------------------------------------
if command -v strace >/dev/null; then
    rm -rf b/rootfs/dev b/rootfs/new
    configure "$no_dev | .mounts += [{destination: \"/new/dir\", type: \"tmpfs\", source: \"t\"}, {destination: \"/new/file\", type: \"bind\", source: \"/etc/hostname\", options: [\"bind\"]}] | .process.cwd = \"/new/cwd\"" true
    cp b/config.json write.json
    strace -f -o trace -e trace=mkdirat,symlinkat,mknodat,openat,openat2 "$RUNTIME" --root "$state_root" run -b b one >/dev/null 2>&1
    written=$(sed -n -e 's/.*mkdirat([0-9]*, "\([^"/]*\)".*= 0$/\1/p' -e 's/.*symlinkat("[^"]*", [0-9]*, "\([^"]*\)").*= 0$/\1/p' \
        -e 's/.*mknodat([0-9]*, "\([^"]*\)".*= 0$/\1/p' -e 's/.*openat2*([0-9]*, "\([^"/.]*\)".*O_CREAT.*/\1/p' trace | grep -vx 'one\|state.json\|config.json\|events.log' | sort -u)
    names=0
    for name in $written; do
        made=$(cd b/rootfs && find . -xdev -name "$name" \( -path './dev/*' -o -path './new/*' -o -path ./dev -o -path ./new \) 2>/dev/null | head -n 1)
        [ -n "$made" ] || continue
        names=$((names + 1))
        rm -rf b/rootfs/dev b/rootfs/new
        mkdir -p "$(dirname "b/rootfs/$made")"
        for target in "$outside/file" "$outside/dir" "$outside/absent"; do
            ln -sfn "$target" "b/rootfs/$made"
            cp write.json b/config.json
            rt run -b b one >/dev/null 2>&1
            rt delete --force one 2>/dev/null
        done
        rm -rf b/rootfs/dev b/rootfs/new
        cp write.json b/config.json
        rt run -b b one >/dev/null 2>&1 # makes the names again, for the next one
    done
    check "R15: there were names to try ($names)" test "$names" -ge 8
    unharmed "R15: links at each of $names names that create writes"
    rm -rf b/rootfs/dev b/rootfs/new && mkdir b/rootfs/dev
else
    skip "R15" "strace is not installed"
fi

# --- R24 (CVE-2022-4318), R28: the runtime writes no file of the root, and creates only inside -------------
passwd=$(sha256sum b/rootfs/etc/passwd b/rootfs/etc/group)
check_output "R24: HOME with a line end stays a variable" 'x:0:0' run_with '.process.env += ["HOME=/a\nx:0:0"]' sh -c 'echo "$HOME" | tail -n 1'
check_output "R24: passwd and group are as they were" "$passwd" sha256sum b/rootfs/etc/passwd b/rootfs/etc/group
check_fails "R24: a NUL in a variable is refused" 1 'process.env' run_with '.process.env += ["A=\u0000B"]' true
check_fails "R24: a variable without a name is refused" 1 'process.env' run_with '.process.env += ["novalue"]' true
for name in a etc; do
    cp -a b/rootfs/etc kept-etc
    rm -rf "b/rootfs/$name" && ln -s "$outside/dir" "b/rootfs/$name"
    run_with ".process.cwd = \"/$name/b/c\"" true >/dev/null 2>&1
    unharmed "R28: cwd below /$name, a link to outside"
    rm "b/rootfs/$name" && rm -rf b/rootfs/outside b/rootfs/etc && mv kept-etc b/rootfs/etc
done
chown 77:88 b/rootfs/mnt && chmod 701 b/rootfs/mnt
check "R28: a working directory that exists" run_with '.process.cwd = "/mnt" | .process.user = {uid: 5, gid: 5}' true
check_output "R28: keeps its owner and mode" '77:88 701' stat -c '%u:%g %a' b/rootfs/mnt

# --- R27 (CVE-2020-1726): copying up into a tmpfs ---------------------------------------------------------
rm -rf b/rootfs/up && mkdir -p b/rootfs/up/sub b/rootfs/up/many
ln -s "$outside/file" b/rootfs/up/link
ln -s ../../../../../../../../../../../.."$outside/dir" b/rootfs/up/sub/up
echo one >b/rootfs/up/first && ln b/rootfs/up/first b/rootfs/up/second
mkfifo b/rootfs/up/fifo
mknod b/rootfs/up/null c 1 3
chmod 4750 b/rootfs/up/first && chown 3:4 b/rootfs/up/sub
(cd b/rootfs/up/many && seq 5000 | xargs touch)
copied='.mounts += [{destination: "/up", type: "tmpfs", source: "t", options: ["tmpcopyup", "mode=755"]}]'
check_output "R27: links are copied as links, files with their modes" "$outside/file 4750 3:4 5000" \
    run_with "$copied" sh -c 'echo $(readlink /up/link) $(stat -c %a /up/first) $(stat -c %u:%g /up/sub) $(ls /up/many | wc -l)'
check_output "R27: a fifo does not hold it up, and is one" yes timeout 20 bash -c "'$RUNTIME' --root '$state_root' run -b b one </dev/null >/dev/null && echo yes"
check "R27: the copy is the container's own" run_with "$copied" sh -c 'echo changed >/up/second && rm -r /up/many'
check_output "R27: the original stays" 'one 5000' sh -c 'echo $(cat b/rootfs/up/second) $(ls b/rootfs/up/many | wc -l)'
unharmed R27
rm -rf b/rootfs/up

# --- R33: what the default configuration hides --------------------------------------------------------------
make_bundle d
(cd d && rm config.json && "$RUNTIME" spec)
edit_config d '.process.terminal = false'
listed() { case $'\n'"$2"$'\n' in *$'\n'"$1"$'\n'*) return 0 ;; esac; return 1; }
masked=$(jq -r '.linux.maskedPaths[]' d/config.json)
for path in acpi asound kcore keys latency_stats timer_list timer_stats sched_debug scsi interrupts; do
    check "R33: spec masks /proc/$path" listed "/proc/$path" "$masked"
done
for path in /sys/firmware /sys/devices/virtual/powercap; do check "R33: spec masks $path" listed "$path" "$masked"; done
readonly_paths=$(jq -r '.linux.readonlyPaths[]' d/config.json)
for path in bus fs irq sys sysrq-trigger; do check "R33: spec makes /proc/$path read-only" listed "/proc/$path" "$readonly_paths"; done
cat >d/rootfs/read.sh <<'S'
for path; do
    [ -e "$path" ] || continue
    if [ -d "$path" ]; then [ -z "$(ls -A "$path")" ] || echo "$path has entries"; else [ -z "$(head -c 1 "$path" 2>/dev/null | tr '\0' x)" ] || echo "$path can be read"; fi
done
S
cat >d/rootfs/write.sh <<'S'
for path in /proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/irq/default_smp_affinity; do
    [ ! -e "$path" ] || ! (: >>"$path") 2>/dev/null || echo "$path can be written"
done
S
read_masked() {
    jq '.process.args = ["sh", "/read.sh"] + .linux.maskedPaths | .root.readonly = true' d/config.json >d/c.json
    rt run -b d --config "$test_dir/d/c.json" default
}
# shellcheck disable=SC2086 # paths have no spaces
check_output "R33: no masked path shows anything" '' read_masked
jq '.process.args = ["sh", "/write.sh"]' d/config.json >d/c.json
check_output "R33: nothing in /proc/sys can be written" '' rt run -b d --config "$test_dir/d/c.json" default

# --- R35: every option is in force ----------------------------------------------------------------------------
flags_of() { # KIND OPTIONS: the options that mountinfo shows at /m
    local mount
    case $1 in
        tmpfs) mount="{destination: \"/m\", type: \"tmpfs\", source: \"t\", options: $2}" ;;
        bind) mount="{destination: \"/m\", type: \"bind\", source: (\$dir + \"/volume\"), options: ([\"rbind\"] + $2)}" ;;
    esac
    run_with ".mounts += [$mount]${3:-}" awk '$5 == "/m" { print $6 }' /proc/self/mountinfo
}
in_user_namespace=' | .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
for kind in tmpfs bind; do
    for where in host user; do
        extra=''
        [ "$where" = host ] || extra=$in_user_namespace
        for option in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
            check_match "R35: $option on a $kind, $where namespace" "(^|,)$option(,|$)" flags_of $kind "[\"$option\"]" "$extra"
        done
        check_match "R35: all at once on a $kind, $where namespace" '^ro,nosuid,nodev,noexec,noatime' flags_of $kind '["ro", "nosuid", "nodev", "noexec", "noatime"]' "$extra"
    done
done
told_of_bind() {
    run_with '.mounts += [{destination: "/m", type: "bind", source: ($dir + "/volume"), options: ["bind", "nosuidd"]}]' true
    rt plan -b b | grep -F 'means nothing' >&2
    return 1
}
for option in rro rnosuid rnodev rnoexec rnoatime; do
    check_match "R35: $option reaches a mount below" "(^|,)${option#r}(,|$)" run_with \
        ".mounts += [{destination: \"/vol\", type: \"bind\", source: \"/sys\", options: [\"rbind\", \"$option\"]}]" \
        awk '$5 ~ "^/vol/." { print $6; exit }' /proc/self/mountinfo
done
check_not "R35: an option that no file system knows is an error" run_with '.mounts += [{destination: "/m", type: "tmpfs", source: "t", options: ["nosuidd"]}]' true
check_fails "R35: a bind mount has none: that is told" 1 'mounts[6]: "nosuidd" means nothing for a bind mount' told_of_bind

# --- R36: no mount travels to the host ------------------------------------------------------------------------
mkdir storm
mount -t tmpfs t storm
mount --make-shared storm
mkdir storm/{1..200} storm/moving
for i in {1..200}; do mount -t tmpfs t "storm/$i"; done
(while :; do mount -t tmpfs t storm/moving && umount storm/moving; done) >/dev/null 2>&1 &
mover=$!
expect_process "$mover"
storm_runs() {
    local i
    configure '.mounts += [{destination: "/vol", type: "bind", source: ($dir + "/storm"), options: ["rbind", "rslave"]}, {destination: "/vol/1", type: "tmpfs", source: "t"}]' true
    for ((i = 0; i < 20; ++i)); do rt run -b b one || return 1; done
}
stable_mounts() { cut -d' ' -f4- /proc/self/mountinfo | grep -v 'storm/moving' | sort; }
stable_mounts >storm.before
check "R36: twenty containers among 200 shared mounts and one that comes and goes" storm_runs
kill "$mover" && wait "$mover" 2>/dev/null
stable_mounts >storm.after
check "R36: the host's mounts are the same" cmp storm.before storm.after
umount --recursive storm || umount --recursive --lazy storm

# --- R40: /dev/shm ends somewhere ------------------------------------------------------------------------------
check_match "R40: spec gives /dev/shm a size" '^size=' jq -r '.mounts[] | select(.destination == "/dev/shm").options[]' d/config.json
check_output "R40: filling it stops there" 67108864 run_with . sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=100 2>/dev/null; stat -c %s /dev/shm/x'
assert_nothing_left
finish
