#!/bin/bash
# Containers and cgroups: limits, devices, pause, kill and what is left, on this machine's cgroups, on a
# private mount of cgroup v2, and with no cgroups at all.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

own_cgroup() { # NAME CONTROLLER: the directory of that container's cgroup
    if [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo "/sys/fs/cgroup/$test_cgroup-$1"; else
        echo "/sys/fs/cgroup/$2/$test_cgroup-$1"; fi
}
processes_in() { wc -l <"$1/cgroup.procs"; }
gone() { [ ! -e "$1" ]; }
allow_mount() { edit_config "$1" '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
    options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}] | .linux.namespaces += [{type: "cgroup"}]'; }

# What holds on either version.
test_any_version() { # NAME CONTROLLER
    local name=$1 cgroup
    make_bundle "$name"
    cgroup=$(own_cgroup "$name" "$2")
    check "$name: create" rt create --bundle "$name" "$name"
    check "$name: the container has its cgroup" test -d "$cgroup"
    check "$name: start" rt start "$name"
    check_output "$name: init is its only process" 1 processes_in "$cgroup"
    check "$name: exec puts its process there" rt exec --detach "$name" sleep 1000
    check_output "$name: now there are two" 2 processes_in "$cgroup"
    check_output "$name: ps knows both" 2 bash -c "'$RUNTIME' --root '$state_root' ps -f json '$name' | jq length"
    check "$name: pause" rt pause "$name"
    check_output "$name: the status is paused" paused status_of "$name"
    check_fails "$name: exec is refused while paused" any "paused" rt exec "$name" true
    check "$name: resume" rt resume "$name"
    check_output "$name: the status is running" running status_of "$name"
    check "$name: pause once more" rt pause "$name"
    check "$name: delete --force of a paused container" rt delete --force "$name"
    check "$name: its cgroup is gone" gone "$cgroup"
    assert_nothing_left "$name: nothing is left"
}

test_existing_cgroup() { # NAME CONTROLLER
    local name=$1 cgroup
    if ! is_ocirun; then
        skip "$name: a cgroup that was there before stays" "runc removes it"
        return
    fi
    make_bundle "$name" true
    cgroup=$(own_cgroup "$name" "$2")
    mkdir "$cgroup"
    check "$name: a cgroup that was there before is used" rt run --bundle "$name" "$name"
    check "$name: and stays" test -d "$cgroup"
    sleep 1000 &
    local other=$!
    expect_process "$other"
    echo "$other" >"$cgroup/cgroup.procs"
    check_fails "$name: one that holds a process is refused" any "container's cgroup is not empty" rt run --bundle "$name" "$name"
    check "$name: and the process lives on" kill -0 "$other"
    kill -9 "$other"
    wait "$other" 2>/dev/null
    wait_until 5 rmdir "$cgroup"
    assert_nothing_left "$name: nothing is left"
}

test_devices() { # NAME
    local name=$1
    # Opened for writing, the kernel log asks for no capability; nothing is written.
    make_bundle "$name" sh -c 'mknod /tmp/kmsg c 1 11 && head -c 1 /dev/zero >/dev/null && ! (: >>/tmp/kmsg)'
    edit_config "$name" '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
    check "$name: default devices work, others can be made but not used" rt run --bundle "$name" "$name"
    rm -f "$name/rootfs/tmp/kmsg"
    edit_config "$name" '.linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "w"}]'
    check_not "$name: a rule opens one more" rt run --bundle "$name" "$name"
    rm -f "$name/rootfs/tmp/kmsg"
}

test_no_pid_namespace() { # NAME CONTROLLER: processes that outlive init are found by the cgroup
    local name=$1
    make_bundle "$name" sh -c 'sleep 1000 & exec sleep 1000'
    edit_config "$name" 'del(.linux.namespaces[] | select(.type == "pid"))'
    check "$name: run" rt run --detach --bundle "$name" "$name"
    check "$name: two processes" wait_until 5 eval "[ \"\$(processes_in '$(own_cgroup "$name" "$2")')\" = 2 ]"
    check "$name: kill reaches all of them" rt kill "$name" KILL
    check "$name: stopped" wait_until 5 status_is "$name" stopped
    check "$name: delete" rt delete "$name"
    assert_nothing_left "$name: nothing is left"
}

killed_create() { # NAME CALL N: create ends at its Nth such system call, if there are that many
    strace -o /dev/null -e trace="$2" -e inject="$2:signal=KILL:when=$3" \
        "$RUNTIME" --root "$state_root" create --bundle "$1" "$1"
}

test_killed_create() { # NAME: a create that is killed anywhere leaves nothing that delete --force can't undo
    local name=$1 call number steps=0 bad=''
    if ! is_ocirun || ! command -v strace >/dev/null; then
        skip "$name: create killed at any step" "needs ocirun and strace"
        return
    fi
    make_bundle "$name"
    edit_config "$name" --arg path "/$test_cgroup-$name/parent/leaf" '.linux.cgroupsPath = $path'
    for call in mkdir,mkdirat write clone3; do
        number=1
        while ! { killed_create "$name" "$call" "$number" </dev/null >/dev/null; } 2>/dev/null; do
            rt delete --force "$name" </dev/null >/dev/null 2>&1 || bad="$bad $call:$number(delete)"
            wait_until 5 nothing_is_left || bad="$bad $call:$number($(what_is_left))"
            number=$((number + 1))
        done
        rt delete --force "$name"
        steps=$((steps + number - 1))
    done
    if [ -z "$bad" ] && [ "$steps" -gt 5 ]; then
        passed "$name: create killed at any of $steps steps leaves nothing"
    else
        failed "$name: create killed at any of $steps steps leaves nothing" "$bad"
    fi
    assert_nothing_left "$name: nothing is left"
}

test_hybrid() { # the unified tree beside the hierarchies: init and what joins it have one cgroup there too
    local tree=/sys/fs/cgroup/unified
    if [ ! -f $tree/cgroup.controllers ]; then skip "hybrid" "this machine has no unified tree beside its hierarchies" && return; fi
    make_bundle hybrid sleep 1000
    check "hybrid: a container" rt run --detach --bundle hybrid --pid-file "$test_dir/hybrid.pid" hybrid
    check_output "hybrid: init is in the unified tree" "0::/$test_cgroup-hybrid" grep ^0: "/proc/$(cat hybrid.pid)/cgroup"
    check "hybrid: exec" rt exec --detach --pid-file "$test_dir/hybrid.second" hybrid sleep 1000
    check_output "hybrid: it joins it there" "0::/$test_cgroup-hybrid" grep ^0: "/proc/$(cat hybrid.second)/cgroup"
    rt delete --force hybrid
    check "hybrid: nothing stays" gone "$tree/$test_cgroup-hybrid"
}

# --- as mounted on this machine --------------------------------------------------------------------
if [ -d /sys/fs/cgroup/pids ] && [ -d /sys/fs/cgroup/freezer ]; then
    test_any_version one pids
    test_existing_cgroup before pids
    test_devices devices
    test_no_pid_namespace shared pids
    test_killed_create killed
    test_hybrid
    make_bundle limits sh -c 'cd /sys/fs/cgroup && cat pids/pids.max memory/memory.limit_in_bytes cpu/cpu.shares \
        cpu/cpu.cfs_quota_us cpuset/cpuset.cpus'
    allow_mount limits
    edit_config limits '.linux.resources += {pids: {limit: 30}, memory: {limit: 67108864, swap: -1},
        cpu: {shares: 256, quota: 50000, period: 100000, cpus: "0"}}'
    check_output "the container sees its limits" $'30\n67108864\n256\n50000\n0' rt run --bundle limits limits
    make_bundle unified true
    edit_config unified '.linux.resources.unified = {"memory.high": "1000000"}'
    check_fails "unified needs v2" any "unified" rt run --bundle unified unified
    assert_nothing_left "v1: nothing is left"
else
    skip "cgroup v1" "no v1 hierarchies on this machine"
fi

# --- cgroup v2 -------------------------------------------------------------------------------------
if mount -t cgroup2 none /sys/fs/cgroup; then
    test_any_version two ''
    test_existing_cgroup before2 ''
    test_devices devices2
    test_no_pid_namespace shared2 ''
    test_killed_create killed2
    make_bundle seen sh -c 'cat /sys/fs/cgroup/cgroup.type /proc/self/cgroup'
    allow_mount seen
    check_output "v2: the container sees its own cgroup" $'domain\n0::/' \
        sh -c "'$RUNTIME' --root '$state_root' run --bundle seen seen | grep -v '[1-9]:'"
    make_bundle nosuch true
    edit_config nosuch '.linux.resources.unified = {"nosuch.max": "1"}'
    check_fails "v2: an absent controller is named" any "nosuch" rt run --bundle nosuch nosuch
    if grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers; then
        make_bundle huge cat /sys/fs/cgroup/hugetlb.2MB.max
        allow_mount huge
        edit_config huge '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
        check_output "v2: a huge page limit" 4194304 rt run --bundle huge huge
    else
        skip "v2: a huge page limit" "no hugetlb controller"
    fi
    if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
        make_bundle limits2 sh -c 'cd /sys/fs/cgroup && cat pids.max memory.max memory.swap.max cpu.weight cpu.max \
            cpuset.cpus memory.high'
        allow_mount limits2
        edit_config limits2 '.linux.resources += {pids: {limit: 30}, memory: {limit: 67108864, swap: 67108864},
            cpu: {shares: 1024, quota: 50000, period: 100000, cpus: "0"}, unified: {"memory.high": "50331648"}}'
        check_output "v2: the container sees its limits" $'30\n67108864\n0\n100\n50000 100000\n0\n50331648' \
            rt run --bundle limits2 limits2
        make_bundle hungry sh -c 'head -c 200000000 /dev/zero | tail -c 100000000 >/dev/null'
        edit_config hungry '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
        check_not "v2: the memory limit holds" rt run --bundle hungry hungry
    else
        skip "v2: limits of memory, cpu and pids" "the v2 tree of this machine has no such controllers"
    fi
    assert_nothing_left "v2: nothing is left"
else
    skip "cgroup v2" "it cannot be mounted here"
fi

# --- no cgroups ------------------------------------------------------------------------------------
mount -t tmpfs none /sys/fs/cgroup
if is_ocirun; then
    make_bundle bare sleep 1000
    check "absent: a container runs without" rt run --detach --bundle bare bare
    check "absent: exec" rt exec bare true
    check_fails "absent: pause says why not" any "no cgroup" rt pause bare
    check "absent: kill" rt kill bare KILL
    check "absent: stopped" wait_until 5 status_is bare stopped
    check "absent: delete" rt delete bare
    edit_config bare '.linux.resources.pids = {limit: 30}'
    check_fails "absent: a limit is refused by name" any "linux.resources.pids.limit" rt run --bundle bare bare
    assert_nothing_left "absent: nothing is left"
else
    skip "no cgroups" "runc needs them"
fi
finish
