#!/bin/bash
# Engines on a host that systemd runs, with cgroup v2: scopes of Podman and of containerd, every controller read back,
# an AppArmor profile, and an ordinary user's Podman below the systemd of that user.
#
#   systemd_host.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc systemd_host.sh: with another runtime
#
# It needs the host's own systemd, so that no namespaces keep it apart: run it in a virtual machine. It changes no
# configuration, and its data is in a directory of its own.
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
[ "$(id -u)" -eq 0 ] || skip_all "the host's systemd asks for root"
[ -d /run/systemd/system ] || skip_all "systemd does not run this machine"
[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || skip_all "the cgroups are not v2"
need_programs podman conmon jq busybox systemctl systemd-run
RUNTIME=$(realpath "$RUNTIME")
work=$(mktemp -d /var/tmp/oci-engine.XXXXXX)
test_captures=$work/captures
mkdir "$test_captures"
chmod 0755 "$work"
cd "$work" || exit 1
tag=${work##*.}

pod() { timeout 300 podman --root "$work/storage" --runroot "$work/run" --runtime "$RUNTIME" --cgroup-manager systemd "$@"; }
leave() {
    pod rm --all --force --time 0 >/dev/null 2>&1
    [ -z "${daemon:-}" ] || systemctl stop "$daemon" 2>/dev/null
    [ ! -f profile ] || apparmor_parser --remove profile 2>/dev/null
    [ -z "${user:-}" ] || as_user podman "${user_options[@]}" rm --all --force --time 0 >/dev/null 2>&1
    cd /
    findmnt -rno TARGET | grep "^$work/" | sort -r | xargs -r umount 2>/dev/null
    rm -rf --one-file-system "$work"
}
trap leave EXIT
property() { systemctl show --property "$2" --value "$1"; } # UNIT NAME
group_of() { cut -d: -f3- "/proc/$1/cgroup"; }              # PID
gone() { [ "$(property "$1" LoadState)" = not-found ]; }

# --- Podman: scopes and limits ---------------------------------------------------------------------
make_engine_root root
import_image() { tar -C root -c . | pod import --change CMD=/bin/sh --change ENV=PATH=/bin - busybox; }
check "an image" import_image
run() { pod run --network none "$@"; }
check_output "podman run" hello run --rm busybox echo hello
if [ "$tests_failed" -gt 0 ]; then finish; fi # nothing else can work then
check_output "systemd is the manager of cgroups" systemd pod info --format '{{.Host.CgroupManager}}'

disk=$(lsblk -dnro NAME | head -n 1)
limits=(--memory 64m --memory-reservation 32m --memory-swap 96m --cpus 0.5 --cpu-shares 2048 --cpuset-cpus 0 --cpuset-mems 0
    --pids-limit 77 --device-read-bps "/dev/$disk:1048576" --cgroup-conf hugetlb.2MB.max=4194304 --cgroup-conf memory.high=50331648)
check "run -d with limits" run -d --name limited "${limits[@]}" busybox sleep 1000
pid=$(pod inspect --format '{{.State.Pid}}' limited)
id=$(pod inspect --format '{{.Id}}' limited)
scope=libpod-$id.scope
check_output "it has a scope" active property "$scope" ActiveState
group=$(group_of "$pid")
check_match "its processes are in it" "/$scope(/|$)" echo "$group"
# The limits stand in the scope; the processes may be in a cgroup below it.
place=/sys/fs/cgroup${group%%"$scope"*}$scope
value() { # FILE EXPECTED
    check_output "$1" "$2" cat "$place/$1"
}
value memory.max 67108864
value memory.low 33554432
value memory.swap.max 33554432
value memory.high 50331648
value cpu.max '50000 100000'
value cpuset.cpus 0
value cpuset.mems 0
value pids.max 77
value hugetlb.2MB.max 4194304
check_match "cpu.weight is more than that of an ordinary container" '^(79|[1-9][0-9][0-9])$' cat "$place/cpu.weight"
check_match "io.max" "^$(cat "/sys/block/$disk/dev") rbps=1048576 " cat "$place/io.max"
check_output "systemd knows the memory limit" 67108864 property "$scope" MemoryMax
check_output "and that of processes" 77 property "$scope" TasksMax
check_output "and the share of CPU" 500ms property "$scope" CPUQuotaPerSecUSec
check_output "a reload of systemd keeps the limits" '67108864 77' sh -c "systemctl daemon-reload && cat '$place/memory.max' '$place/pids.max' | xargs"
for controller in rdma misc; do
    skip "limits of $controller" "this machine has no such device"
done
check "update" pod update --memory 96m --cpus 0.25 --pids-limit 88 limited
value memory.max 100663296
value cpu.max '25000 100000'
value pids.max 88
check_output "systemd knows the new limit" 100663296 property "$scope" MemoryMax
check_output "exec is in the scope as well" "$group" pod exec limited sh -c 'cat /proc/self/cgroup >/dev/null; echo '"$group"
second() { # the cgroup of a process of exec, seen from the host
    pod exec -d limited sleep 999
    wait_until 20 eval 'second_pid=$(pgrep -x -f "sleep 999")' && group_of "$second_pid"
}
check_match "its process is there" "/$scope(/|$)" second
check_match "stats" '[0-9]' pod stats --no-stream --format '{{.MemUsage}}' limited
check "pause" pod pause limited
check_output "it is frozen" 1 sh -c "grep -h frozen '$place/cgroup.events' '$place'/*/cgroup.events 2>/dev/null | grep -c 'frozen 1' | sed 's/[1-9].*/1/'"
check "unpause" pod unpause limited
check "rm --force" pod rm --force --time 0 limited
check "its scope is gone" wait_until 20 gone "$scope"
check_exit "out of memory" 137 run --rm --memory 16m --memory-swap 16m busybox sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?'
check_output "an own cgroup namespace and mount" 0::/ run --rm --cgroupns private busybox cat /proc/self/cgroup

# --- AppArmor --------------------------------------------------------------------------------------
if [ -d /sys/kernel/security/apparmor ] && command -v apparmor_parser >/dev/null; then
    cat >profile <<PROFILE
profile ocirun-test-$tag flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  signal,
  ptrace,
  mount,
  umount,
  pivot_root,
  network,
  deny /tmp/forbidden* w,
}
PROFILE
    check "a profile" apparmor_parser --replace profile
    confined() { run --rm --security-opt "apparmor=ocirun-test-$tag" busybox "$@"; }
    check_output "the process stands under it" "ocirun-test-$tag (enforce)" confined cat /proc/self/attr/current
    check_not "what it denies is denied" confined touch /tmp/forbidden
    check "what it allows is allowed" confined touch /tmp/other
    check_match "a profile that is not loaded is refused" . sh -c "podman --root '$work/storage' --runroot '$work/run' --runtime '$RUNTIME' run --rm --network none --security-opt apparmor=nothing-$tag busybox true 2>&1 && exit 1 || true"
else
    skip "AppArmor" "this kernel or machine has none"
fi

# --- containerd ------------------------------------------------------------------------------------
if command -v containerd >/dev/null && command -v ctr >/dev/null; then
    daemon=ocitest-containerd-$tag.service
    cat >containerd.toml <<CONF
version = 2
root = "$work/containerd"
state = "$work/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$work/containerd.sock"
CONF
    check "containerd" systemd-run --quiet --unit "$daemon" --property Delegate=yes --property KillMode=process containerd --config "$work/containerd.toml"
    ctrd() { timeout 300 ctr --address "$work/containerd.sock" --namespace ocitest "$@"; }
    check "it answers" wait_until 60 ctrd version
    save() { pod save --quiet --format oci-archive -o image.tar localhost/busybox:latest && ctrd images import --local image.tar; }
    check "an image" save
    image=$(ctrd images list -q | head -n 1)
    by_systemd=(--runc-binary "$RUNTIME" --runc-systemd-cgroup --cgroup "ocitest-$tag.slice:ctr:one")
    check_output "ctr run" hello ctrd run --rm "${by_systemd[@]}" "$image" hello echo hello
    check "ctr run -d with a limit" ctrd run -d --memory-limit 50331648 "${by_systemd[@]}" "$image" one sleep 1000
    check_output "its scope is in the slice" "ocitest-$tag.slice" property ctr-one.scope Slice
    check_output "systemd knows its limit" 50331648 property ctr-one.scope MemoryMax
    one=$(ctrd task list | awk '$1 == "one" { print $2 }')
    check_output "memory.max" 50331648 cat "/sys/fs/cgroup$(group_of "$one")/memory.max"
    check_output "ctr task exec" hello ctrd task exec --exec-id more one echo hello
    check_match "ctr task metrics" memory ctrd task metrics one
    check "ctr task pause" ctrd task pause one
    check "ctr task resume" ctrd task resume one
    check "ctr task kill" ctrd task kill --signal KILL one
    check "it ends" wait_until 30 eval 'ctrd task list | grep -q STOPPED'
    ctrd task delete one >/dev/null
    check "ctr container delete" ctrd container delete one
    check "its scope is gone" wait_until 20 gone ctr-one.scope
    systemctl stop "$daemon"
else
    skip "containerd" "containerd is not installed"
fi

# --- an ordinary user ------------------------------------------------------------------------------
user=$(cut -d: -f1 /etc/subuid | head -n 1)
as_user() { timeout 300 systemd-run --quiet --machine="$user@.host" --user --wait --pipe --collect --property KillMode=process -- "$@"; }
if [ -z "$user" ] || ! as_user true 2>/dev/null; then
    user=
    skip "an ordinary user" "no user with ranges of ids has a systemd of its own here"
    finish
fi
mkdir user && chown "$user:" user
chmod -R a+rX root
uid=$(id -u "$user")
user_options=(--root "$work/user/storage" --runroot "$work/user/run" --runtime "$RUNTIME" --cgroup-manager systemd)
upod() { as_user podman "${user_options[@]}" "$@"; }
user_image() { as_user sh -c "tar -C '$work/root' -c . | podman ${user_options[*]} import --change CMD=/bin/sh --change ENV=PATH=/bin - busybox"; }
check "a user's image" user_image
check_output "a user's podman run" '0 hello' upod run --rm --network none busybox sh -c 'echo $(id -u) hello'
check "a user's run -d with limits" upod run -d --name mine --network none --memory 64m --pids-limit 44 busybox sleep 1000
pid=$(upod inspect --format '{{.State.Pid}}' mine | tr -d '\r')
group=$(group_of "$pid")
check_match "its scope is the user's" "^/user.slice/user-$uid.slice/user@$uid.service/.*libpod-[0-9a-f]*\.scope" echo "$group"
place=/sys/fs/cgroup$(echo "$group" | sed 's/\(\.scope\).*/\1/')
value memory.max 67108864
value pids.max 44
check_output "the user's systemd knows the limit" 67108864 as_user systemctl --user show --property MemoryMax --value "$(basename "$place")"
check_output "a user's exec" hello upod exec mine echo hello
check "a user's update" upod update --memory 80m mine
value memory.max 83886080
check "a user's pause" upod pause mine
check "a user's unpause" upod unpause mine
check "a user's stop" upod stop --time 0 mine
check "a user's rm" upod rm --force mine
check "the scope is gone" wait_until 20 test ! -e "$place"
finish
