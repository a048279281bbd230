#!/bin/bash
# Namespaces: new ones, inherited ones, ones joined by path, and user namespaces with their mappings.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b
# In user namespaces the container's root is 100000 on the host, as are the files of its rootfs.
make_bundle u
chown -R 100000:100000 u/rootfs
cp b/config.json base.json
userns='.linux.namespaces += [{type: "user"}]
  | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
  | .mounts |= map(select(.destination != "/sys" and .destination != "/dev/mqueue"))'

configure() { # BUNDLE FILTER ARGS...
    local bundle=$1 filter=$2
    shift 2
    jq --arg cgroup "/$test_cgroup-$bundle" "$filter | .linux.cgroupsPath = \$cgroup | .process.args = \$ARGS.positional" \
        <base.json --args -- "$@" >"$bundle/config.json"
}
run_with() { configure b "$@" && rt run -b b one; }
run_in_userns() {
    local filter=$1
    shift
    configure u "$userns | $filter" "$@" && rt run -b u one
}
without() { echo ".linux.namespaces |= map(select(.type != \"$1\"))"; }
with() { echo ".linux.namespaces += [{type: \"$1\"}]"; }
joined() { echo "$(without "$1") | .linux.namespaces += [{type: \"$1\", path: \"$2\"}]"; }
has_not() { [ "$(cat "$test_out")" != "$1" ]; }

# --- new or inherited ------------------------------------------------------------------------------
declare -A file=([pid]=pid [network]=net [ipc]=ipc [uts]=uts [mount]=mnt [cgroup]=cgroup [time]=time [user]=user)
kinds='pid network ipc uts cgroup'
if is_ocirun && [ -e /proc/self/ns/time ]; then kinds="$kinds time"; else skip "a time namespace" "not in this runtime or kernel"; fi
for kind in $kinds; do
    own=$(readlink "/proc/self/ns/${file[$kind]}")
    check "a new $kind namespace" run_with "$(with "$kind" | sed "s/^/$(without "$kind") | /")" readlink "/proc/self/ns/${file[$kind]}"
    check "it differs from the caller's" has_not "$own"
    drop_hostname=''
    [ "$kind" != uts ] || drop_hostname=' | del(.hostname)'
    check_output "without it the caller's $kind namespace" "$own" \
        run_with "$(without "$kind")$drop_hostname" readlink "/proc/self/ns/${file[$kind]}"
done
check "a new mount namespace" run_with . readlink /proc/self/ns/mnt
check "it differs from the caller's" has_not "$(readlink /proc/self/ns/mnt)"
check_output "the process is number 1 of a new pid namespace" 1 run_with . sh -c 'echo $$'
check_output "a new network namespace has a loopback device only, which is up" 'lo up' run_with "$(with network)" \
    sh -c 'ip -o link | sed -n "s/^1: \(lo\): <.*UP.*/\1 up/p"; ip -o link | sed 1d'
check_output "in a new cgroup namespace its own cgroup is the root" 1 run_with "$(with cgroup)" \
    sh -c "grep -c :memory:/\$ /proc/self/cgroup || grep -c ^0::/\$ /proc/self/cgroup"
check_fails "a namespace given twice" 1 "$(by_runtime 'linux.namespaces' 'duplicat')" run_with "$(with pid)" true
check_fails "an unknown namespace" 1 "$(by_runtime 'linux.namespaces[4].type' 'nonsense')" run_with "$(with nonsense)" true

# --- joined by path --------------------------------------------------------------------------------
# A process with namespaces of its own stands beside; its namespaces stay reachable under /proc.
mkfifo never
unshare --fork --net --ipc --uts --cgroup --pid --mount --mount-proc sh -c 'hostname other; mount -t tmpfs marked /mnt; echo $$ >inside; exec cat <never' <never >/dev/null 2>&1 &
unsharer=$!
exec 9>never # keeps the fifo open for writing, so that cat waits
expect_process "$unsharer"
wait_until 5 test -s inside
other=$(tr -d ' ' <"/proc/$unsharer/task/$unsharer/children")
expect_process "$other"
for kind in network ipc uts cgroup pid; do
    ns=/proc/$other/ns/${file[$kind]}
    extra=''
    [ "$kind" != uts ] || extra=' | del(.hostname)'
    check_output "joined by path: $kind" "$(readlink "$ns")" run_with "$(joined "$kind" "$ns")$extra" readlink "/proc/self/ns/${file[$kind]}"
done
check_output "a joined uts namespace has its own hostname" other run_with "$(joined uts "/proc/$other/ns/uts") | del(.hostname)" hostname
check_match "a joined pid namespace holds its processes" '^ *1 .*cat|^ *1 .*sh' run_with "$(joined pid "/proc/$other/ns/pid")" ps -o pid,args
two=$(joined network "/proc/$other/ns/net")" | "$(joined ipc "/proc/$other/ns/ipc")
check_output "several at once" "$(readlink "/proc/$other/ns/net") $(readlink "/proc/$other/ns/ipc")" \
    run_with "$two" sh -c 'echo $(readlink /proc/self/ns/net) $(readlink /proc/self/ns/ipc)'
check_fails "a path of another kind" 1 "$(by_runtime 'linux.namespaces' '')" run_with "$(joined network "/proc/$other/ns/ipc")" true
check_fails "a path that does not exist" 1 "no such file or directory" run_with "$(joined network /no/such/namespace)" true
check_fails "a path that is no namespace" 1 "" run_with "$(joined network /etc/passwd)" true
check_fails "a relative path" 1 "" run_with "$(joined network proc/self/ns/net)" true
if is_ocirun; then
    # The root of a joined mount namespace belongs to others: the container gets its own by chroot alone.
    check "joined by path: mount" \
        run_with "$(joined mount "/proc/$other/ns/mnt") | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []" true
fi
assert_nothing_left "joining leaves nothing"

# --- user namespaces -------------------------------------------------------------------------------
if ! unshare --user true 2>/dev/null; then
    skip "user namespaces" "this machine forbids them"
    exec 9>&-
    finish
fi
squeeze="sed 's/  */ /g; s/^ //' "
check_output "uidMappings" '0 100000 65536' run_in_userns . sh -c "$squeeze /proc/self/uid_map"
check_output "gidMappings" '0 100000 65536' run_in_userns . sh -c "$squeeze /proc/self/gid_map"
check_output "several mappings" $'0 100000 1000\n1000 300000 5' run_in_userns \
    '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 1000, hostID: 300000, size: 5}]' \
    sh -c "$squeeze /proc/self/uid_map"
check_output "root inside" '0 0' run_in_userns . sh -c 'echo $(id -u) $(id -g)'
check_output "files belong to root inside" 0 run_in_userns . stat -c %u /etc/passwd
check "a file made inside" run_in_userns . touch /tmp/made
check_output "belongs to the mapped user outside" 100000:100000 stat -c %u:%g u/rootfs/tmp/made
check_output "another user inside" '1000 1000' run_in_userns '.process.user = {uid: 1000, gid: 1000}' sh -c 'echo $(id -u) $(id -g)'
check_output "additional groups inside" '5 7 ' run_in_userns '.process.user.additionalGids = [5, 7]' \
    sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status
check_output "devices work inside" '' run_in_userns . sh -c 'echo x >/dev/null && head -c 0 /dev/zero'
if is_ocirun; then # others give whatever the host has under that name
    check_output "a device under another name is the host's node of its number" '1:7' \
        run_in_userns '.linux.devices = [{path: "/dev/other", type: "c", major: 1, minor: 7}]' stat -c %t:%T /dev/other
    check_output "and not what the host has under that name" '1:7' \
        run_in_userns '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 7}]' stat -c %t:%T /dev/kmsg
    check_fails "a device that the host has no node of" 1 "linux.devices[0]: device /dev/other: in a user namespace only the host's own nodes can be given, and char 241:77 is not at /dev/other" \
        run_in_userns '.linux.devices = [{path: "/dev/other", type: "c", major: 241, minor: 77}]' true
fi
check_output "a new network namespace belongs to it" ok run_in_userns "$(with network)" sh -c 'ip link add a type dummy 2>/dev/null; echo ok'
check_fails "a uid without a mapping" 1 '' run_in_userns '.process.user.uid = 70000' true
check_fails "a user namespace needs mappings" 1 "$(by_runtime 'linux.uidMappings' '')" run_in_userns 'del(.linux.uidMappings)' true
is_ocirun && check_fails "mappings need a user namespace" 1 linux.uidMappings \
    run_with '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings' true
configure u "$userns" sleep 1000
check "run -d in a user namespace" rt run -d -b u one
check_output "exec joins it as root" '0 0 100000' rt exec one sh -c "echo \$(id -u) \$($squeeze /proc/self/uid_map | cut -d' ' -f1,2)"
userns_of_one=/proc/$(rt state one | jq .pid)/ns/user
check_output "joined by path: user" "$(readlink "$userns_of_one")" bash -c '"$@"' - "$RUNTIME" --root "$state_root" exec one readlink /proc/self/ns/user
join_userns() {
    configure b "$userns | .linux.cgroupsPath = \"/$test_cgroup-two\" | del(.linux.uidMappings, .linux.gidMappings)
        | $(joined user "$userns_of_one") | .root.path = \"$test_dir/u/rootfs\"" readlink /proc/self/ns/user
    rt run -b b two
}
if is_ocirun; then check_output "a container joins the user namespace of another" "$(readlink "$userns_of_one")" join_userns; fi
check "delete" rt delete --force one

# --- time ------------------------------------------------------------------------------------------
if is_ocirun && [ -e /proc/self/ns/time ]; then
    check_output "timeOffsets" $'monotonic 7200 0\nboottime 86400 500' \
        run_with "$(with time) | .linux.timeOffsets = {boottime: {secs: 86400, nanosecs: 500}, monotonic: {secs: 7200}}" \
        sh -c "$squeeze /proc/self/timens_offsets"
    uptime_shifted() {
        run_with "$(with time) | .linux.timeOffsets = {boottime: {secs: 1000000000}}" sh -c 'cut -d. -f1 /proc/uptime' >uptime &&
            [ "$(cat uptime)" -gt 1000000000 ]
    }
    check "the process sees the shifted clock" uptime_shifted
    check_fails "timeOffsets need a time namespace" 1 'linux.timeOffsets' run_with '.linux.timeOffsets = {boottime: {secs: 1}}' true
fi
exec 9>&-
wait "$unsharer" 2>/dev/null
assert_nothing_left
finish
