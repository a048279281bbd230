#!/usr/bin/env bash
# The systemd cgroup driver against a real systemd: scopes, limits, update by both, exec, delete, the user's
# manager. Needs systemd as process 1, cgroup v2 and root; elsewhere it is skipped.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../support/shell_test.sh"

[ -d /run/systemd/system ] || skip_all "systemd does not run this machine"
[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || skip_all "the cgroups are not v2"
[ "$(id -u)" -eq 0 ] || skip_all "the system's manager needs root"
case $RUNTIME in /*) ;; *) RUNTIME=$PWD/$RUNTIME ;; esac

# systemd must know the processes by the pids that the runtime names: no pid namespace here.
test_dir=$(mktemp -d /tmp/oci-test.XXXXXX)
state_root=$test_dir/state
test_cgroup=oci-test-${test_dir##*.}
. "$here/../support/bundle.sh"
leave() {
    leave_sandbox
    rm -rf --one-file-system "$test_dir"
}
trap leave EXIT
cd "$test_dir" || exit 1

sd() { rt --systemd-cgroup "$@"; }
property() { systemctl show --property "$2" --value "$1"; } # UNIT NAME
cgroup_of() { cut -d: -f3- "/proc/$(rt state "$1" | jq .pid)/cgroup"; }
file() { cat "/sys/fs/cgroup$(cgroup_of "$1")/$2"; }
unit_is_gone() { [ "$(property "$1" LoadState)" = not-found ]; }

make_bundle b sleep 1000
edit_config b '.linux.cgroupsPath = "ocitest-deep.slice:pre:one" | .linux.namespaces += [{type: "cgroup"}]
    | .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]
    | .linux.resources += {memory: {limit: 104857600, reservation: 52428800, swap: 209715200}, pids: {limit: 55},
        cpu: {shares: 2048, quota: 25000, period: 50000, cpus: "0"}, unified: {"memory.high": "90000000"}}
    | .annotations = {"org.systemd.property.KillSignal": "15", "org.systemd.property.TimeoutStopSec": "7",
        "org.systemd.property.ExecStartPre": "['"'"'/bin/false'"'"']"}'
unit=pre-one.scope

check "create with limits and annotations" sd create --bundle b one
cp "$test_err" warnings
check "R23: an unsafe property only warns" grep -q 'ExecStartPre.*has no effect' warnings
check_output "the scope stands in its nested slice" /ocitest.slice/ocitest-deep.slice/pre-one.scope cgroup_of one
check_output "systemd knows the slice" ocitest-deep.slice property "$unit" Slice
check_output "the scope runs" active property "$unit" ActiveState
check_output "it is delegated" yes property "$unit" Delegate
check_output "memory limit in systemd" 104857600 property "$unit" MemoryMax
check_output "memory limit in the kernel" 104857600 file one memory.max
check_output "memory reservation" 52428800 property "$unit" MemoryLow
check_output "swap" 104857600 property "$unit" MemorySwapMax
check_output "unified reaches systemd" 90000000 property "$unit" MemoryHigh
check_output "tasks" 55 property "$unit" TasksMax
check_output "CPU weight agrees with the kernel" "$(file one cpu.weight)" property "$unit" CPUWeight
check_output "CPU quota" 500ms property "$unit" CPUQuotaPerSecUSec
check_output "CPU period" 50ms property "$unit" CPUQuotaPeriodUSec
check_output "CPUs" 0 property "$unit" AllowedCPUs
check_output "CPUs in the kernel" 0 file one cpuset.cpus
check_output "annotation KillSignal" 15 property "$unit" KillSignal
check_output "annotation in seconds" 7s property "$unit" TimeoutStopUSec
check_output "one OOM kill does not stop the scope" continue property "$unit" OOMPolicy
check_output "devices are known to systemd" strict property "$unit" DevicePolicy
check_output "the driver is on record" systemd jq -r .cgroup.driver state/one/state.json
check "start, by a later command without the flag" rt start one
check_output "limits survive a reload of systemd" 104857600 bash -c "systemctl daemon-reload && cat /sys/fs/cgroup/ocitest.slice/ocitest-deep.slice/pre-one.scope/memory.max"
check_output "exec enters the scope" 0::/ rt exec one cat /proc/self/cgroup
check "a denied device stays denied" bash -c "! '$RUNTIME' --root '$state_root' exec one sh -c 'mknod /tmp/m c 1 1 && head -c1 /tmp/m'"
check "/dev/null works" rt exec one sh -c 'echo x >/dev/null'
check_fails "a second container cannot have the unit" 1 "holds processes" sd create --bundle b two
check_output "the first one lives on" running status_of one
# update reaches systemd and the kernel, and what systemd reloads does not undo it.
check "update of limits" rt update --memory 83886080 --memory-swap 167772160 --memory-reservation 41943040 --pids-limit 33 --cpu-share 512 \
    --cpu-quota 20000 --cpu-period 40000 one
check_output "memory limit after update, in systemd" 83886080 property "$unit" MemoryMax
check_output "in the kernel" 83886080 file one memory.max
check_output "swap after update" 83886080 property "$unit" MemorySwapMax
check_output "reservation after update" 41943040 property "$unit" MemoryLow
check_output "tasks after update" 33 property "$unit" TasksMax
check_output "CPU weight after update agrees with the kernel" "$(file one cpu.weight)" property "$unit" CPUWeight
check_output "CPU quota after update" 500ms property "$unit" CPUQuotaPerSecUSec
check_output "CPU period after update" 40ms property "$unit" CPUQuotaPeriodUSec
check_output "in the kernel" '20000 40000' file one cpu.max
check_output "after a reload of systemd" '83886080 33' bash -c "systemctl daemon-reload && cd /sys/fs/cgroup/ocitest.slice/ocitest-deep.slice/pre-one.scope && echo \$(cat memory.max pids.max)"
check "update takes limits away" rt update --memory -1 --memory-swap -1 --pids-limit -1 one
check_output "in systemd" 'infinity infinity' bash -c "echo \$(systemctl show --property MemoryMax --value $unit) \$(systemctl show --property TasksMax --value $unit)"
check_output "in the kernel" max file one memory.max
update_resources() { rt update --resources "$1" one; }
echo '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}], "memory": {"limit": 94371840}}' >more.json
modprobe fuse 2>/dev/null # a device that root may open, and that no container has by default
exec_fuse() { rt exec --cap CAP_MKNOD one sh -c '[ -c /dev/fuse ] || mknod /dev/fuse c 10 229; exec 9<>/dev/fuse'; }
check_not "a device is denied before" exec_fuse
check "update of device rules and a limit together" update_resources more.json
check "the device is allowed, by systemd's filter too" exec_fuse
check_output "the limit is set" 94371840 property "$unit" MemoryMax
check "and after a reload of systemd" bash -c "systemctl daemon-reload"
check "the device stays allowed" exec_fuse
echo '{"devices": [{"allow": false, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}' >less.json
check "update that takes it back" update_resources less.json
check_not "the device is denied again" exec_fuse
echo '{"memory": {"limit": 62914560}, "pids": {"limit": 44}, "unified": {"no.such": "1"}}' >bad.json
check_not "an update that fails" update_resources bad.json
check_output "leaves systemd as it was" '94371840 infinity' bash -c "echo \$(systemctl show --property MemoryMax --value $unit) \$(systemctl show --property TasksMax --value $unit)"
check_output "and the kernel" 94371840 file one memory.max

check "pause" rt pause one
check_output "paused" paused status_of one
check "resume" rt resume one
check "kill" rt kill one KILL
wait_until 20 status_is one stopped
check "delete" rt delete one
check "the unit is gone" wait_until 20 unit_is_gone "$unit"
check "the same unit again, at once" sd run --detach --bundle b one
check "delete --force stops it" rt delete --force one
check "the unit is gone again" unit_is_gone "$unit"
check "the cgroup is gone" test ! -e /sys/fs/cgroup/ocitest.slice/ocitest-deep.slice/pre-one.scope

# Names and defaults.
edit_config b 'del(.linux.cgroupsPath, .annotations, .linux.resources) | .process.args = ["sleep", "1000"]'
check "no path: a default scope" sd run --detach --bundle b a+b
check_output "in system.slice, its name escaped" '/system.slice/ocirun-a\x2bb.scope' cgroup_of a+b
check "delete the default scope" rt delete --force a+b
edit_config b '.process.args = ["true"]'
check "run to the end" sd run --bundle b short
check "its scope is gone" unit_is_gone ocirun-short.scope
edit_config b '.process.args = ["/does/not/exist"]'
check_fails "a failed create" 1 "no such file" sd create --bundle b failing
check "leaves no unit" wait_until 20 unit_is_gone ocirun-failing.scope
edit_config b '.process.args = ["sleep", "1000"] | .annotations = {"org.systemd.property.NoSuchThing": "1"}'
check_fails "an unknown property that is asked for is an error" 1 NoSuchThing sd --unsafe-annotations create --bundle b bad
edit_config b 'del(.annotations) | .linux.cgroupsPath = "/a/b"'
check_fails "a path is not a scope" 1 'expected "slice:prefix:name"' sd create --bundle b bad

# crun's sub-cgroup: processes below the scope, limits on the scope.
edit_config b 'del(.linux.cgroupsPath) | .annotations = {"run.oci.systemd.subgroup": "container"} | .linux.resources = {pids: {limit: 44}}'
check "run with a sub-cgroup" sd run --detach --bundle b sub
check_output "init is in it" /system.slice/ocirun-sub.scope/container cgroup_of sub
check_output "the limit is on the scope" 44 cat /sys/fs/cgroup/system.slice/ocirun-sub.scope/pids.max
check "the scope hands its controllers on" grep -q pids /sys/fs/cgroup/system.slice/ocirun-sub.scope/cgroup.subtree_control
check "exec" rt exec --detach --pid-file exec.pid sub sleep 1000
check_match "goes there as well" '/ocirun-sub.scope/container$' cat "/proc/$(cat exec.pid)/cgroup"
check "update" rt update --pids-limit 33 sub
check_output "changes the scope's limit" 33 cat /sys/fs/cgroup/system.slice/ocirun-sub.scope/pids.max
check "delete it" rt delete --force sub
check "its scope is gone too" unit_is_gone ocirun-sub.scope
edit_config b '.annotations = {"run.oci.delegate-cgroup": "own"} | .process.user = {uid: 1000, gid: 1000}'
check "run with a delegated cgroup" sd run --detach --bundle b own
check_output "it belongs to the user" 1000 stat -c %u /sys/fs/cgroup/system.slice/ocirun-own.scope/own/cgroup.procs
check "delete this one" rt delete --force own
edit_config b 'del(.annotations, .linux.resources) | .process.user = {uid: 0, gid: 0}'

# By the bus instead of systemd's own socket, where a reference keeps the unit.
edit_config b 'del(.linux.cgroupsPath)'
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
check "run by the bus" sd run --detach --bundle b bus
check_output "the scope runs" active property ocirun-bus.scope ActiveState
check "delete by the bus" rt delete --force bus
unset DBUS_SYSTEM_BUS_ADDRESS

check "nothing is left" bash -c "[ -z \"\$(ls '$state_root' | grep -v '^\\.')\" ]"
check_output "no failed units are left" "" bash -c "systemctl --failed --plain --no-legend | grep ocirun || true"
finish
