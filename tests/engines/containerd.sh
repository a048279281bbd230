#!/bin/bash
# containerd and ctr with ocirun below, through containerd's runc shim; the image is made by ocimg.
#
#   containerd.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc containerd.sh: with another runtime
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/containerd.sh
. "$here/../support/containerd.sh"
need_programs containerd ctr jq script busybox ip
enter_engine "$@"
start_containerd

make_engine_root root
make_image() { make_archive busybox docker.io/library/busybox:latest root /bin/sh && ctrd images import busybox.tar; }
check "ctr imports what ocimg made" make_image
image=docker.io/library/busybox:latest
run() { ctrd run --runc-binary "$RUNTIME" "$@"; }
check_output "run --rm prints what the command prints" hello run --rm "$image" hello echo hello
if [ "$tests_failed" -gt 0 ]; then tail -n 15 containerd.log; finish; fi # nothing else can work then

# --- ctr run ---------------------------------------------------------------------------------------
check_exit "run passes the exit code on" 42 run --rm "$image" code sh -c 'exit 42'
check_fails "a missing command says so" any "executable file not found in \$PATH" run --rm "$image" missing no-such-command
check_fails "a file that is not executable says so" any "permission denied" run --rm "$image" denied /bin/not-executable
check_output "--env and --cwd" 'value /tmp' run --rm --env NAME=value --cwd /tmp "$image" options sh -c 'echo "$NAME $(pwd)"'
check_output "--uidmap and --gidmap" '0 300000 65536' run --rm --uidmap 0:300000:65536 --gidmap 0:300000:65536 "$image" mapped sh -c 'echo $(cat /proc/self/uid_map)'
check_match "-t gives a terminal" /dev/pts/0 on_terminal "ctr --address $socket --namespace $engine_cgroup run --runc-binary $RUNTIME --rm -t $image tty tty"
mkdir data && echo 'from the host' >data/file
check_output "--mount" 'from the host' run --rm --mount "type=bind,src=$work/data,dst=/data,options=rbind:ro" "$image" mount cat /data/file
check_not "--mount ro refuses writes" run --rm --mount "type=bind,src=$work/data,dst=/data,options=rbind:ro" "$image" ro touch /data/x
check_not "--read-only refuses writes" run --rm --read-only "$image" readonly touch /x
check_output "--seccomp" 'Seccomp: 2' run --rm --seccomp "$image" seccomp sh -c 'grep ^Seccomp: /proc/self/status | tr "\t" " "'
check "--privileged" run --rm --privileged "$image" privileged mount -t tmpfs tmpfs /tmp
check "--device" run --rm --device /dev/fuse "$image" device test -c /dev/fuse
check_output "--memory-limit" 33554432 run --rm --memory-limit 33554432 --mount type=bind,src=/sys/fs/cgroup,dst=/cg,options=rbind:ro "$image" \
    limit sh -c "cat /cg/memory/$engine_cgroup/limit/memory.limit_in_bytes 2>/dev/null || cat /cg/$engine_cgroup/limit/memory.max"
check_output "--with-ns joins a network namespace" "$(readlink /proc/self/ns/net)" run --rm --with-ns network:/proc/$$/ns/net "$image" netns readlink /proc/self/ns/net
check "--pid-file" run --detach --pid-file "$work/pid" "$image" pidfile sleep 1000
check "it names the process" kill -0 "$(cat pid)"
check "task kill" ctrd task kill --signal KILL pidfile

# --- ctr task --------------------------------------------------------------------------------------
task_is() { ctrd task list | awk -v id="$1" '$1 == id { print $3 }' | grep -qx "$2"; }
check "run --detach" run --detach "$image" server sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
check "the task runs" wait_until 20 task_is server RUNNING
check_output "task exec" hello ctrd task exec --exec-id one server echo hello
check_exit "task exec passes the exit code on" 9 ctrd task exec --exec-id two server sh -c 'exit 9'
check_output "task exec --cwd and --user" '/tmp 1000' ctrd task exec --exec-id three --cwd /tmp --user 1000:1000 server sh -c 'echo $(pwd) $(id -u)'
check_match "task exec -t" /dev/pts/0 on_terminal "ctr --address $socket --namespace $engine_cgroup task exec -t --exec-id four server tty"
check_fails "task exec of a missing command says so" any "executable file not found in \$PATH" ctrd task exec --exec-id five server no-such-command
check_match "task ps" "$(ctrd task list | awk '$1 == "server" { print $2 }')" ctrd task ps server
check "task pause" ctrd task pause server
check "it is paused" task_is server PAUSED
check "task resume" ctrd task resume server
check "it runs" task_is server RUNNING
if [ -d /sys/fs/cgroup/memory ] || grep -qs memory /sys/fs/cgroup/cgroup.controllers; then
    check_match "task metrics" '^memory' ctrd task metrics server
fi
check "container info names the runtime" sh -c "ctr --address $socket --namespace $engine_cgroup container info server | jq -e '.Runtime.Name == \"io.containerd.runc.v2\"'"
check "task kill" ctrd task kill --signal TERM server
check "it stops" wait_until 20 task_is server STOPPED
check_output "task delete gives the exit code" "code 3" sh -c "ctr --address $socket --namespace $engine_cgroup task delete server 2>&1 >/dev/null | grep -o 'code [0-9]*'; exit 0"
ctrd task list | grep -q '^server' && ctrd task delete server >/dev/null 2>&1
check "task start once more" ctrd task start --detach server
check "it runs" wait_until 20 task_is server RUNNING

# --- the daemon goes and comes back ----------------------------------------------------------------
kill -KILL "$containerd_pid"
wait "$containerd_pid" 2>/dev/null
launch_containerd
check "containerd comes back after a kill" wait_until 60 ctrd version
check "the task lived on" wait_until 20 task_is server RUNNING
check_output "task exec in it" again ctrd task exec --exec-id six server echo again

# --- checkpoint ------------------------------------------------------------------------------------
if why=$(can_checkpoint); then
    run --detach "$image" counter sh -c 'i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done'
    check "task checkpoint" ctrd task checkpoint --image-path "$work/checkpoint" counter
    check "container restore" ctrd container restore --live counter "$work/checkpoint"
else
    skip "task checkpoint" "$why"
fi

for id in $(ctrd task list --quiet); do ctrd task delete --force "$id" >/dev/null 2>&1; done
for id in $(ctrd container list --quiet); do ctrd container delete "$id" >/dev/null 2>&1; done
check_output "no container is left" "" ctrd container list --quiet
check_output "no state of the runtime is left" "" sh -c "ls /run/containerd/runc/$engine_cgroup 2>/dev/null"
finish
