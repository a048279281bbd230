#!/bin/bash
# update and mounts: limits, device rules, mounts and device nodes of a running container, and that a
# failing change leaves everything as it was.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "runc has neither mounts nor device rules in update"

make_bundle b
rt run --detach -b b --pid-file b/pid one || exit 1
pid=$(cat b/pid)
v1_file() { cat "/sys/fs/cgroup/$1/$test_cgroup-b/$2"; } # HIERARCHY FILE
update_with() { printf '%s' "$1" | rt update -r - one; } # JSON
in_container() { rt exec one "$@"; }

if [ -d /sys/fs/cgroup/memory ]; then
    check "update by options" rt update --memory 64m --memory-swap=-1 --memory-reservation 32m --pids-limit 77 \
        --cpu-share 512 --cpu-period 50000 --cpu-quota 25000 --cpuset-cpus 0 one
    check_output "--memory" $((64 << 20)) v1_file memory memory.limit_in_bytes
    check_output "--memory-reservation" $((32 << 20)) v1_file memory memory.soft_limit_in_bytes
    check_output "--pids-limit" 77 v1_file pids pids.max
    check_output "--cpu-share" 512 v1_file cpu cpu.shares
    check_output "--cpu-period" 50000 v1_file cpu cpu.cfs_period_us
    check_output "--cpu-quota" 25000 v1_file cpu cpu.cfs_quota_us
    check_output "--cpuset-cpus" 0 v1_file cpuset cpuset.cpus
    check "update --cpu-quota alone keeps the period" rt update --cpu-quota 30000 one
    check_output "the quota is new" 30000 v1_file cpu cpu.cfs_quota_us
    check_output "the period is the old one" 50000 v1_file cpu cpu.cfs_period_us
    check "update --cpu-burst" rt update --cpu-burst 10000 one
    check_output "the burst" 10000 v1_file cpu cpu.cfs_burst_us
    check "update --cpu-idle" rt update --cpu-idle 1 one
    check "update --cpu-idle 0" rt update --cpu-idle 0 one
    check "no limit by -1" rt update --pids-limit -1 --cpu-quota=-1 one
    check_output "pids without limit" max v1_file pids pids.max
    check_output "cpu without limit" -1 v1_file cpu cpu.cfs_quota_us
    check "resources as a document on standard input" update_with \
        '{"memory":{"limit":50331648,"swap":0},"cpu":{"shares":256,"quota":0},"pids":{"limit":50}}'
    check_output "its memory" 50331648 v1_file memory memory.limit_in_bytes
    check_output "its shares" 256 v1_file cpu cpu.shares
    check_output "0 stands for not given" -1 v1_file cpu cpu.cfs_quota_us
    echo '{"pids":{"limit":51}}' >resources.json
    check "resources from a file; other options are ignored then" rt update --resources resources.json --pids-limit 3 one
    check_output "the file's value" 51 v1_file pids pids.max
    check_output "the state keeps the updated resources" '51 256 50331648' \
        jq -r '[.pids.limit, .cpu.shares, .memory.limit] | join(" ")' "$state_root/one/resources.json"

    check_fails "a limit that the kernel refuses" 1 'linux.resources.cpu.cpus' update_with \
        '{"pids":{"limit":9},"memory":{"limit":33554432},"cpu":{"shares":128,"cpus":"4000"}}'
    check_output "sets the pids limit back" 51 v1_file pids pids.max
    check_output "sets the memory limit back" 50331648 v1_file memory memory.limit_in_bytes
    check_output "sets the shares back" 256 v1_file cpu cpu.shares
    check_output "and the state says so" 51 jq -r .pids.limit "$state_root/one/resources.json"
    check_fails "limits and a mount that fails" 1 'mounts[1]' update_with \
        '{"pids":{"limit":8},"mounts":[{"destination":"/mnt/new","type":"tmpfs","source":"tmpfs"},{"destination":"/mnt/x","type":"bind","source":"/does/not/exist","options":["bind"]}]}'
    check_output "set nothing" 51 v1_file pids pids.max
else
    skip "limits by options" "this view of cgroups has none of their controllers"
fi

# --- device rules --------------------------------------------------------------------------------------
fuse='{"devices":[{"allow":true,"type":"c","major":10,"minor":229,"access":"rw"}]}'
deny='{"devices":[{"allow":false,"type":"c","major":10,"minor":229,"access":"rw"}]}'
can_open() { in_container sh -c '[ -e /tmp/fuse ] || mknod /tmp/fuse c 10 229; exec 3</tmp/fuse'; }
if ! grep -q '229 fuse' /proc/misc; then
    skip "device rules" "this kernel has no fuse device to open"
elif [ -n "$(ls /sys/fs/cgroup)" ]; then
    edit_config b '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
    rt delete --force one
    rt run --detach -b b --pid-file b/pid one
    pid=$(cat b/pid)
    check_not "a device that no rule allows" can_open
    check "a device rule in update" update_with "$fuse"
    check "opens the device" can_open
    check "others stay open" in_container sh -c 'echo x >/dev/null'
    check_fails "a change that fails after the rules" 1 '/does/not/exist' update_with \
        "$(jq -cn --argjson d "$deny" '$d + {mounts: [{destination: "/mnt/x", type: "bind", source: "/does/not/exist", options: ["bind"]}]}')"
    check "leaves the old rules" can_open
    check "a rule that denies again" update_with "$deny"
    check_not "closes the device" can_open
    check "the whole list once more, as engines send it" update_with \
        '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":229,"access":"rwm"}]}'
    check "opens it again" can_open
    check_output "a list that denies all first replaces the rules before it" 2 \
        jq '.devices | length' "$state_root/one/resources.json"
    check "a device node and its rule in one update" update_with \
        '{"devices":[{"allow":true,"type":"c","major":10,"minor":229,"access":"r"}],"deviceNodes":[{"path":"/dev/plugged","type":"c","major":10,"minor":229,"fileMode":384,"uid":12}]}'
    check_output "the node is there" "600 12 character special file" in_container stat -c '%a %u %F' /dev/plugged
else
    check_fails "device rules without a cgroup" 1 'no cgroup' update_with "$fuse"
fi

# --- mounts --------------------------------------------------------------------------------------------
mkdir -p host/dir && echo content >host/dir/file
jq -n --arg dir "$test_dir/host/dir" '[
  {destination: "/mnt/bound", type: "bind", source: $dir, options: ["bind", "ro"]},
  {destination: "/mnt/file", type: "bind", source: ($dir + "/file"), options: ["bind"]},
  {destination: "/mnt/tmpfs", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec", "size=64k", "mode=1777"]}]' >mounts.json
mounted() { in_container sh -c 'cut -d" " -f5 /proc/self/mountinfo' | grep -c '^/mnt/'; }
check "mounts add" rt mounts add one mounts.json
check_output "makes all of them" 3 mounted
check_output "a bound directory" content in_container cat /mnt/bound/file
check_output "a bound file" content in_container cat /mnt/file
check_not "read-only as asked for" in_container touch /mnt/bound/new
check_output "a file system with options" "1777" in_container stat -c %a /mnt/tmpfs
check_match "and attributes" ' /mnt/tmpfs rw,nosuid,noexec.*size=64k' in_container cat /proc/self/mountinfo
check "mounts remove" rt mounts remove one mounts.json
mounted_now() { in_container cat /proc/self/mountinfo | grep -c ' /mnt/' || true; }
check_output "takes all of them away" 0 mounted_now
check_fails "mounts remove of what is not mounted" 1 'nothing is mounted there' rt mounts remove one mounts.json
jq '. + [{destination: "/mnt/bad", type: "no-such-filesystem", source: "x"}]' mounts.json >bad.json
check_fails "mounts add of which one fails" 1 'mounts[3]' rt mounts add one bad.json
check_output "makes none" 0 mounted_now
check "update with mounts" update_with "$(jq '{mounts: .}' mounts.json)"
check_output "makes them" 3 mounted
echo '[{"destination":"/mnt/../../../../mnt/outside","type":"tmpfs","source":"tmpfs"}]' >outside.json
in_container ln -s ../../../.. /mnt/link
echo '[{"destination":"/mnt/link/mnt/outside","type":"tmpfs","source":"tmpfs"}]' >link.json
check "a destination behind a link of the container" rt mounts add one link.json
check_output "stays in the container" 1 bash -c "grep -c ' /mnt/outside ' /proc/$pid/mountinfo"
check_not "and does not reach the host" grep -q "mnt/outside" /proc/self/mountinfo
check_fails "procfs is for create" 1 'by create only' bash -c "echo '[{\"destination\":\"/mnt/p\",\"type\":\"proc\",\"source\":\"proc\"}]' | '$RUNTIME' --root '$state_root' mounts add one -"
check_fails "mounts knows two verbs" 1 'add and remove' rt mounts move one mounts.json

# --- bad input -----------------------------------------------------------------------------------------
check_fails "a document of the wrong type names the place" 1 'standard input:1:' update_with '{"memory":{"limit":"much"}}'
check_fails "an unknown amount" 1 '--memory' rt update --memory 12x one
check_fails "a number that is none" 1 '--pids-limit' rt update --pids-limit many one
check_fails "an absent container" 1 'container does not exist' rt update --pids-limit 5 absent
check_fails "an absent file" 1 'no such file or directory' rt update -r absent.json one
rt kill one KILL
wait_until 5 status_is one stopped
check_fails "a stopped container" 1 'container not running' rt update --pids-limit 5 one
check_fails "mounts of a stopped container" 1 'container not running' rt mounts add one mounts.json
check "delete" rt delete one

# --- behind a user namespace ---------------------------------------------------------------------------
make_bundle u
chmod 755 "$test_dir" host host/dir
edit_config u '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
  | .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "sysfs" and .type != "mqueue"))'
chown -R 100000:100000 u/rootfs
check "run in a user namespace" rt run --detach -b u --pid-file u/pid two
check "mounts add in a user namespace" rt mounts add two mounts.json
check_output "the bound file" content rt exec two cat /mnt/file
check_output "the file system belongs to the container's root" 0 rt exec two stat -c %u /mnt/tmpfs
plug() { echo '{"deviceNodes":[{"path":"/dev/fuse","type":"c","major":10,"minor":229}]}' | rt update -r - two; }
check "a device node in a user namespace is the host's, bound" plug
check_output "and is there" 'character special file' rt exec two stat -c %F /dev/fuse
rt delete --force two
assert_nothing_left
finish
