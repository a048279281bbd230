#!/bin/bash
# A Docker Engine with ocirun: healthchecks, init, security options, namespaces shared and remapped, devices,
# limits, statistics, builds of several stages, checkpoints.
#
#   docker_options.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc docker_options.sh: with another runtime
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
need_docker docker-init
enter_engine "$@"
start_docker docker '."live-restore" = true | .experimental = true'
check "docker import makes an image" import_docker_image
run() { dock run --rm --network none "$@"; }
check_output "run prints what the command prints" hello run busybox echo hello
if [ "$tests_failed" -gt 0 ]; then finish; fi # nothing else can work then

# --- healthcheck -----------------------------------------------------------------------------------
health_is() { [ "$(dock inspect --format '{{.State.Health.Status}}' health)" = "$1" ]; }
check "run with a healthcheck" dock run -d --name health --network none --health-cmd 'test -e /healthy' --health-interval 1s \
    --health-retries 2 busybox sleep 1000
check "it is unhealthy" wait_until 30 health_is unhealthy
dock exec health touch /healthy
check "it is healthy" wait_until 30 health_is healthy
dock rm -f health >/dev/null

# --- init, security options ------------------------------------------------------------------------
check_match "--init: process 1 is an init" 'docker-init|tini' run --init busybox cat /proc/1/cmdline
zombies() { run --init busybox sh -c '(sleep 0.1 & exec sleep 0.2) & sleep 0.6; ps | grep -c "\[sleep\]" || true'; }
check_output "--init leaves no zombies" 0 zombies
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' >profile.json
check_fails "--security-opt seccomp=FILE" 1 "Operation not permitted" run --security-opt seccomp="$work/profile.json" busybox mkdir /x
printf '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]}' >kill.json
check_exit "a filter that kills: exit code 159" 159 run --security-opt seccomp="$work/kill.json" busybox mkdir /x
check_output "seccomp=unconfined" 'Seccomp: 0' run --security-opt seccomp=unconfined busybox sh -c 'grep ^Seccomp: /proc/self/status | tr "\t" " "'
check_output "no-new-privileges" 'NoNewPrivs: 1' run --security-opt no-new-privileges busybox sh -c 'grep NoNewPrivs /proc/self/status | tr "\t" " "'
check "systempaths=unconfined unmasks" run --security-opt systempaths=unconfined busybox sh -c '! grep -q " /proc/sys " /proc/mounts'

# --- namespaces ------------------------------------------------------------------------------------
check "a container to join" dock run -d --name host --network none --ipc shareable busybox sh -c 'ipcmk -M 100; exec sleep 1000'
check_match "--pid container:" 'sleep 1000' run --pid container:host busybox ps
same() { [ "$(dock exec host readlink "/proc/1/ns/$1")" = "$(run "--$1" container:host busybox readlink "/proc/self/ns/$1")" ]; }
check "--ipc container: is the same namespace" same ipc
check "--pid container: is the same namespace" same pid
check_not "without it, it is another one" sh -c "[ \"$(dock exec host readlink /proc/1/ns/ipc)\" = \"$(run busybox readlink /proc/self/ns/ipc)\" ]"
dock rm -f host >/dev/null
check_output "--ipc none has no /dev/shm" no run --ipc none busybox sh -c 'grep -q " /dev/shm " /proc/mounts || echo no'
check_match "--pid host" 'dockerd' run --pid host busybox ps
check_output "--uts host" "$(hostname)" run --uts host busybox hostname
if [ -e /sys/fs/cgroup/cgroup.controllers ] || dock info 2>/dev/null | grep -q cgroupns; then
    check_output "--cgroupns private" "/" run --cgroupns private busybox sh -c 'cut -d: -f3- /proc/self/cgroup | sort -u'
else
    skip "--cgroupns" "Docker 20.10 offers cgroup namespaces with a kernel that has them only; info does not list cgroupns"
fi
check_match "--cgroupns host" "$engine_cgroup/[0-9a-f]{64}" run --cgroupns host busybox cat /proc/self/cgroup

# --- devices, limits, sysctls ----------------------------------------------------------------------
check "--device" run --device /dev/fuse:/dev/seen busybox test -c /dev/seen
check "it can be opened" run --device /dev/fuse:/dev/seen busybox sh -c ': <>/dev/seen'
check_not "read only by its permissions" run --device /dev/fuse:/dev/seen:r busybox sh -c ': <>/dev/seen'
check_not "a device that is not given cannot be opened" run --cap-add MKNOD busybox sh -c 'mknod /x c 10 229 && : <>/x'
check "--device-cgroup-rule allows it" run --cap-add MKNOD --device-cgroup-rule 'c 10:229 rwm' busybox sh -c 'mknod /x c 10 229 && : <>/x'
check_output "--ulimit" '77 88' run --ulimit nofile=77:88 busybox sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
check_output "--ulimit core" 0 run --ulimit core=0 busybox sh -c 'ulimit -c'
check_output "--sysctl of the network" 1 run --sysctl net.ipv4.ip_forward=1 busybox cat /proc/sys/net/ipv4/ip_forward
check_output "--sysctl of IPC" 12345 run --sysctl kernel.msgmax=12345 busybox cat /proc/sys/kernel/msgmax
check_output "--shm-size" 1024 run --shm-size 1m busybox sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
check_output "--oom-score-adj" 300 run --oom-score-adj 300 busybox cat /proc/self/oom_score_adj
check_output "--cpuset-cpus" 0 run --cpuset-cpus 0 busybox sh -c 'grep Cpus_allowed_list /proc/self/status | cut -f2'

# --- statistics ------------------------------------------------------------------------------------
dock run -d --name busy --network none --memory 64m busybox sh -c 'while :; do :; done' >/dev/null
measured() { dock stats --no-stream --format '{{.CPUPerc}} {{.MemUsage}} {{.PIDs}}' busy; }
is_measured() { measured | grep -qE '^[1-9][0-9.]*% [0-9.]+KiB / 64MiB 1$|^[1-9][0-9.]*% [0-9.]+MiB / 64MiB 1$'; }
check "stats show CPU, memory and its limit, processes" wait_until 30 is_measured
dock rm -f busy >/dev/null
dock run -d --name events --network none busybox sleep 1000 >/dev/null
since=$(date +%s)
check "too much memory is killed" exits 137 dock run --name oom --network none --memory 16m --memory-swap 16m busybox \
    sh -c 'exec dd if=/dev/zero of=/dev/null bs=64M count=1'
events() { dock events --since "$since" --until "$(date +%s)" --filter event=oom --format '{{.Actor.Attributes.name}}'; }
has_event() { events | grep -qx oom; }
check "which is an event" wait_until 10 has_event
dock rm -f oom events >/dev/null

# --- live restore ----------------------------------------------------------------------------------
dock run -d --name survivor --network none busybox sleep 1000 >/dev/null
before=$(dock inspect --format '{{.State.Pid}}' survivor)
kill -KILL "$dockerd_pid" # no goodbye
wait "$dockerd_pid" 2>/dev/null
rm -f "$work/docker/dockerd.pid"
dockerd --config-file "$work/docker/daemon.json" >>"$work/docker/dockerd.log" 2>&1 </dev/null &
dockerd_pid=$!
dockerd_pids="$dockerd_pids $dockerd_pid"
check "the daemon comes back after a kill" wait_until 60 dock version
check_output "the container lived on" "running $before" dock inspect --format '{{.State.Status}} {{.State.Pid}}' survivor
check_output "exec in it" hello dock exec survivor echo hello
check "stop it" dock stop --time 0 survivor
dock rm -f survivor >/dev/null

# --- build -----------------------------------------------------------------------------------------
mkdir context
echo copied >context/file
cat >context/Dockerfile <<'DOCKERFILE'
FROM busybox AS compile
COPY file /file
RUN sed s/copied/compiled/ /file >/made
FROM busybox AS unused
RUN exit 1
FROM busybox
COPY --from=compile --chown=1000:1000 /made /made
RUN test "$(cat /made)" = compiled
HEALTHCHECK --interval=1s CMD test -e /made
CMD ["cat", "/made"]
DOCKERFILE
cp context/Dockerfile context/full && sed -i '/unused/,+1d' context/Dockerfile
check "build of two stages" dock build -t built context
check_output "what it built" compiled run built
check_match "the second build comes from the cache" 'Using cache' dock build -t built context
check_match "all of it: no step runs" '^0$' sh -c "'$docker' --host unix://$socket build -t built context | grep -c 'Running in' || true"
printf 'copied\n\n' >context/file # another file, the same words
check_match "a changed file runs the steps again" 'Running in' dock build -t built context
check_exit "a failing stage fails the build with its code" 1 dock build --force-rm -f context/full context
check "build --target" dock build -f context/full --target compile -t compiled context

# --- checkpoint ------------------------------------------------------------------------------------
if why=$(can_checkpoint); then
    dock run -d --name counter --network none --security-opt seccomp=unconfined busybox \
        sh -c 'i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done' >/dev/null
    check "checkpoint create" dock checkpoint create counter one
    check "start --checkpoint" dock start --checkpoint one counter
    check "it runs on" reaches counter running
    dock rm -f counter >/dev/null
else
    skip "checkpoint and start --checkpoint" "$why"
fi
check_output "no container is left" "" dock ps -a --quiet

# --- user namespaces -------------------------------------------------------------------------------
kill "$dockerd_pid" 2>/dev/null
wait "$dockerd_pid" 2>/dev/null
echo 'octest:x:12345:12345::/:/bin/sh' >>/etc/passwd
echo 'octest:x:12345:' >>/etc/group
echo 'octest:300000:65536' >/etc/subuid
cp /etc/subuid /etc/subgid
chmod 0755 "$work"
start_docker remapped '."userns-remap" = "octest"'
check "userns-remap: an image" import_docker_image
check_output "root inside is an ordinary user outside" '0 300000 65536' run busybox sh -c 'echo $(cat /proc/self/uid_map)'
dock run -d --name mapped --network none busybox sleep 1000 >/dev/null
check_output "its process is the mapped user's" 300000 sh -c "stat -c %u /proc/$(dock inspect --format '{{.State.Pid}}' mapped)"
check_output "exec is inside as well" '0 300000 65536' dock exec mapped sh -c 'echo $(cat /proc/self/uid_map)'
check_output "a volume's files are the mapped user's" 0 run -v data:/data busybox sh -c 'touch /data/x && stat -c %u /data/x'
check_not "root inside may not touch what is root's outside" run -v "$work/profile.json:/file" busybox sh -c 'echo >/file'
check_output "--userns host is not remapped" '0 0 4294967295' run --userns host busybox sh -c 'echo $(cat /proc/self/uid_map)'
dock run -d --name web -p 127.0.0.1:18080:80 busybox httpd -f -p 80 -h /www >/dev/null
answers() { [ "$(curl --silent --max-time 5 http://127.0.0.1:18080/)" = 'served from a container' ]; }
check "a published port of a remapped container answers" wait_until 30 answers
check "stop, rm" dock rm -f mapped web
finish
