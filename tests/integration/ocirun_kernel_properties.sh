#!/bin/bash
# Properties that only the kernel can confirm, asked from inside the container: scheduler, I/O priority, memory
# policy, CPU affinity of exec, personality, time offsets, id-mapped mounts.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "the messages and the reading of some properties are ocirun's own"

make_bundle b
cp b/config.json base.json
configure() { # FILTER ARGS...
    local filter=$1
    shift
    jq "$filter | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json
}
run_with() { configure "$@" && rt run -b b one; }

# --- scheduler: field 41 of stat is the policy, 40 the priority, 19 the nice value --------------------
stat_fields='set -- $(cat /proc/self/stat | sed "s/.*) //"); echo ${39} ${38} ${17}'
scheduled() { run_with ".process.scheduler = $1" sh -c "$stat_fields"; }
check_output "SCHED_BATCH with a nice value" "3 0 5" scheduled '{policy: "SCHED_BATCH", nice: 5}'
check_output "SCHED_IDLE" "5 0 0" scheduled '{policy: "SCHED_IDLE"}'
check_output "SCHED_OTHER with a nice value" "0 0 -3" scheduled '{policy: "SCHED_OTHER", nice: -3}'
if chrt -f 10 true 2>/dev/null; then
    # A cgroup of v1 has no real-time budget of its own: none here.
    real_time() {
        configure "$@"
        timeout --foreground -s KILL 60 "$RUNTIME" --root "$state_root" --cgroup-manager disabled run -b b one
    }
    check_output "SCHED_FIFO with a priority" "1 10 0" \
        real_time '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}' sh -c "$stat_fields"
    check_output "RESET_ON_FORK: a child is ordinary" "0" \
        real_time '.process.scheduler = {policy: "SCHED_RR", priority: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' \
        sh -c 'sh -c "cut -d\" \" -f41 /proc/self/stat; true"; true'
else
    skip "SCHED_FIFO" "this machine forbids real-time scheduling"
fi
check_fails "a priority without a real-time policy" 1 "scheduler" scheduled '{policy: "SCHED_BATCH", priority: 5}'

# --- I/O priority ----------------------------------------------------------------------------------
io_priority() { run_with ".process.ioPriority = $1" ionice -p 1; }
check_output "best effort 6" "best-effort: prio 6" io_priority '{class: "IOPRIO_CLASS_BE", priority: 6}'
check_match "idle" "^idle" io_priority '{class: "IOPRIO_CLASS_IDLE", priority: 0}'
check_output "real time 1" "realtime: prio 1" io_priority '{class: "IOPRIO_CLASS_RT", priority: 1}'

# --- memory policy ---------------------------------------------------------------------------------
if grep -q ' default ' /proc/self/numa_maps 2>/dev/null; then
    policy() { run_with ".linux.memoryPolicy = $1" sh -c "grep -c '$2' /proc/self/numa_maps"; }
    check_match "bind" '^[1-9]' policy '{mode: "MPOL_BIND", nodes: "0"}' ' bind:0 '
    check_match "bind with static nodes" '^[1-9]' policy '{mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}' ' bind=static:0 '
    check_match "interleave" '^[1-9]' policy '{mode: "MPOL_INTERLEAVE", nodes: "0"}' ' interleave:0 '
    check_match "preferred" '^[1-9]' policy '{mode: "MPOL_PREFERRED", nodes: "0"}' ' prefer:0 '
    check_match "local" '^[1-9]' policy '{mode: "MPOL_LOCAL"}' ' local '
else
    skip "memory policies" "this kernel shows no NUMA maps"
fi
check_fails "a node that does not exist" 1 "memoryPolicy" run_with '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "900"}' true

# --- personality -----------------------------------------------------------------------------------
check_output "LINUX32" i686 run_with '.linux.personality = {domain: "LINUX32"}' uname -m
check_output "LINUX" "$(uname -m)" run_with '.linux.personality = {domain: "LINUX"}' uname -m

# --- CPU affinity of exec --------------------------------------------------------------------------
configure . sleep 1000
check "a container to exec into" rt run --detach -b b two
allowed='sed -n "s/Cpus_allowed_list:.//p" /proc/self/status'
affine() { # AFFINITY
    jq "{args: [\"sh\", \"-c\", \$cmd], cwd: \"/\", env: .process.env, user: {uid: 0, gid: 0}, execCPUAffinity: $1}" \
        --arg cmd "$allowed" <b/config.json >process.json && rt exec --process process.json two
}
check_output "final decides" 0 affine '{final: "0"}'
check_output "initial stays without final" 0 affine '{initial: "0"}'
if [ "$(nproc)" -gt 1 ]; then
    check_output "initial, then final" 1 affine '{initial: "0", final: "1"}'
    check_output "a range" 0-1 affine '{final: "0-1"}'
fi
check_fails "no such CPU" 255 "execCPUAffinity" affine '{final: "4000"}'
check_fails "not a list" 255 "execCPUAffinity" affine '{final: "a-b"}'
check "it is deleted" rt delete --force two

# --- time offsets ----------------------------------------------------------------------------------
if [ -e /proc/self/ns/time ]; then
    offset='.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 5}, monotonic: {secs: 7}}'
    check_output "both clocks are set" "monotonic 7 0 boottime 1000000 5" run_with "$offset" \
        sh -c 'echo $(cat /proc/self/timens_offsets)'
    check_match "and the clock shows it" '^1[0-9]{6}' run_with "$offset" cat /proc/uptime
else
    skip "time offsets" "this kernel has no time namespaces"
fi

# --- id-mapped mounts ------------------------------------------------------------------------------
mkdir shared
touch shared/file
chown 5:6 shared/file
mounted='.mounts += [{destination: "/mnt", type: "bind", source: $dir, options: $options}
    + (if $mapped then {uidMappings: [{containerID: 0, hostID: 1000, size: 100}], gidMappings: [{containerID: 0, hostID: 2000, size: 100}]} else {} end)]'
mapped_run() { # OPTIONS MAPPED ARGS...
    local options=$1 mapped=$2
    shift 2
    jq --arg dir "$test_dir/shared" --argjson options "$options" --argjson mapped "$mapped" \
        "$mounted | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json && rt run -b b one
}
mapped_run '["rbind", "idmap"]' true true >/dev/null 2>probe
if grep -qi 'idmap: .*\(invalid\|not permitted\|not supported\)' probe; then
    skip "id-mapped mounts" "the file system here does not allow them: $(cat probe)"
else
    check_output "without a mapping the owner is as it is" "5 6" mapped_run '["rbind"]' false stat -c '%u %g' /mnt/file
    check_output "with one it is shifted" "1005 2006" mapped_run '["rbind", "idmap"]' true stat -c '%u %g' /mnt/file
    check_output "mappings alone mean idmap" "1005 2006" mapped_run '["rbind"]' true stat -c '%u %g' /mnt/file
    check_output "crun's mapping in the word" "1005 2006" mapped_run '["bind", "idmap=uids=0-1000-100;gids=0-2000-100"]' false stat -c '%u %g' /mnt/file
    mkdir shared/below
    mount -t tmpfs -o uid=7 tmpfs shared/below
    check_output "idmap leaves the mounts below alone" 7 mapped_run '["rbind", "idmap"]' true stat -c %u /mnt/below
    check_output "ridmap takes them along" 1007 mapped_run '["rbind", "ridmap"]' true stat -c %u /mnt/below
    umount shared/below
    new_filesystem='.mounts += [{destination: "/mnt", type: $type, source: "none", options: ["nosuid", "mode=755"],
        uidMappings: [{containerID: 0, hostID: 1000, size: 100}], gidMappings: [{containerID: 0, hostID: 2000, size: 100}]}]
        | .process.args = ["stat", "-c", "%u %g", "/mnt"]'
    mapped_filesystem() { jq --arg type "$1" "$new_filesystem" <base.json >b/config.json && rt run -b b one; }
    if is_ocirun; then
        check_output "a file system that is not bound is mapped too" "1000 2000" mapped_filesystem tmpfs
        check_fails "one that cannot be mapped is named" 1 "mounts[6]: mount mqueue on /mnt" mapped_filesystem mqueue
    fi
fi
assert_nothing_left
finish
