#!/bin/bash
# Podman as root with --runtime ocirun: the life of containers and pods, and what it gives only to runtimes
# that it takes for crun.
#
#   podman.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc podman.sh: with another runtime
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/podman.sh
. "$here/../support/podman.sh"
need_programs podman conmon jq curl script busybox ip iptables python3
enter_engine "$@"
install_for_podman
# A runtime that hangs must not hang the test.
pod() { timeout 100 podman --runtime "$runtime_name" "$@"; }
podman_line="podman --runtime $runtime_name"
parent="--cgroup-parent=/$engine_cgroup"
run() { pod run --network none "$parent" "$@"; }
stop_engine() { pod rm --all --force --time 0 >/dev/null 2>&1; }

make_engine_root root
import_image() { tar -C root -c . | pod import --change CMD=/bin/sh --change ENV=PATH=/bin - busybox; }
check "import makes an image" import_image
check_output "the tested runtime is the one in use" "$runtime_name" pod info --format '{{.Host.OCIRuntime.Name}}'
check_match "info shows its version" "$runtime_name" pod info --format '{{.Host.OCIRuntime.Version}}'
check_output "run --rm prints what the command prints" hello run --rm busybox echo hello
if [ "$tests_failed" -gt 0 ]; then finish; fi # nothing else can work then

# --- exit codes and input --------------------------------------------------------------------------
check_exit "exit code 42 of a command" 42 run --rm busybox sh -c 'exit 42'
check_exit "exit code 126 when the file is not executable" 126 run --rm busybox /bin/not-executable
check_exit "exit code 127 when there is no such command" 127 run --rm busybox no-such-command
check_exit "exit code 127 when there is no such path" 127 run --rm busybox /no/such/path
check_exit "exit code 137 of a killed command" 137 run --rm busybox sh -c 'sh -c "kill -KILL \$\$"; exit $?'
piped() { echo 'through a pipe' | run --rm -i busybox cat; }
check_output "run -i passes standard input on" 'through a pipe' piped
check_output "-t gives a terminal" /dev/pts/0 run --rm -t busybox tty
terminal_size() { on_terminal "$podman_line run --rm -it --network none $parent busybox sh -c 'sleep 0.3; stty size'"; }
check_match "-it passes the size of the terminal on" '33 77' terminal_size
check_exit "-it passes the exit code on" 7 on_terminal "$podman_line run --rm -it --network none $parent busybox sh -c 'exit 7'"

# --- the life of a container -----------------------------------------------------------------------
state_is() { [ "$(pod inspect --format '{{.State.Status}}' "$1")" = "$2" ]; }
check "run -d" run -d --name server busybox sh -c 'echo serving; trap "exit 0" TERM; while :; do sleep 0.1; done'
check "it runs" wait_until 20 state_is server running
check_output "inspect names the runtime" "$runtime_name" pod inspect --format '{{.OCIRuntime}}' server
has_logs() { pod logs server | grep -qx serving; }
check "logs" wait_until 20 has_logs
check_output "exec" hello pod exec server echo hello
check_output "exec -e, -w and -u are obeyed" '1000 /tmp value' \
    pod exec -e NAME=value -w /tmp -u guest server sh -c 'echo "$(id -u) $(pwd) $NAME"'
check_output "exec -t gives a terminal" /dev/pts/0 pod exec -t server tty
check_exit "exec passes the exit code on" 9 pod exec server sh -c 'exit 9'
check_exit "exec of a missing command is 127" 127 pod exec server no-such-command
check_exit "exec of a file that is not executable is 126" 126 pod exec server /bin/not-executable
exec_piped() { echo piped | pod exec -i server cat; }
check_output "exec -i passes standard input on" piped exec_piped
check "exec -d" pod exec -d server sh -c 'echo made >/made; sleep 100'
made() { [ "$(pod exec server cat /made)" = made ]; }
check "it did its work" wait_until 20 made
check_match "top lists the processes" 'sleep 100' pod top server
check "pause" pod pause server
check "a paused container says so" state_is server paused
check_fails "exec in a paused container is refused" any "state improper" pod exec server true
check "unpause" pod unpause server
check_output "exec works again" 1 pod exec server sh -c 'echo 1'
if has_freezer; then check_match "stats answers" server pod stats --no-stream --no-reset --format '{{.Name}}' server; fi
check "restart" pod restart --time 1 server
check "it runs again" wait_until 20 state_is server running
check "stop" pod stop --time 5 server
check_output "its exit code is that of the trap" 0 pod wait server
check "start" pod start server
check "kill --signal KILL" pod kill --signal KILL server
check_output "its exit code" 137 pod wait server
check "rm" pod rm server
check_fails "rm of what is gone" any "no container with name or ID" pod rm server

# --- what is in it ---------------------------------------------------------------------------------
check_output "hostname" box run --rm --hostname box busybox hostname
check_output "--user takes a name" '1000 1000' run --rm --user guest busybox sh -c 'echo "$(id -u) $(id -g)"'
check_output "--group-add" '1000 1000 7' run --rm --user guest --group-add 7 busybox sh -c 'echo "$(id -u) $(id -G)"'
check_fails "--read-only refuses writes" 1 "Read-only file system" run --rm --read-only busybox touch /file
check "--read-only leaves /tmp writable" run --rm --read-only busybox touch /tmp/file
check_output "--tmpfs with a size" 1024 run --rm --tmpfs /data:size=1m busybox sh -c 'df -k /data | tail -n 1 | tr -s " " | cut -d" " -f2'
mkdir shared && echo 'from the host' >shared/file
check_output "a bind mount shows the host's files" 'from the host' run --rm -v "$work/shared:/data" busybox cat /data/file
check_fails "a read-only bind mount refuses writes" 1 "Read-only" run --rm -v "$work/shared:/data:ro" busybox touch /data/no
check_output "a volume keeps files" kept sh -c "$podman_line run --rm --network none $parent -v data:/data busybox sh -c 'echo kept >/data/file' && $podman_line run --rm --network none $parent -v data:/data busybox cat /data/file"
check_match "--init: the command is not process 1" '^[1-9][0-9]$|^[2-9]$' run --rm --init busybox sh -c 'echo $$'
check_output "--userns with ids" '0 1000 100' run --rm --uidmap 0:1000:100 --gidmap 0:1000:100 busybox sh -c 'echo $(cat /proc/self/uid_map)'
check_output "--cap-drop ALL leaves none" 'CapEff: 0000000000000000' run --rm --cap-drop ALL busybox sh -c 'grep CapEff /proc/self/status | tr "\t" " "'
check_output "--security-opt no-new-privileges" 'NoNewPrivs: 1' run --rm --security-opt no-new-privileges busybox sh -c 'grep NoNewPrivs /proc/self/status | tr "\t" " "'
check_output "seccomp is on" 'Seccomp: 2' run --rm busybox sh -c 'grep ^Seccomp: /proc/self/status | tr "\t" " "'
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' >profile.json
check_fails "--security-opt seccomp=FILE" 1 "Function not implemented" run --rm --security-opt seccomp="$work/profile.json" busybox mkdir /x
check_output "--ulimit" 77 run --rm --ulimit nofile=77:77 --ulimit nproc=$(ulimit -Hu | sed s/unlimited/-1/) busybox sh -c 'ulimit -n'
check_output "--sysctl" 1 run --rm --sysctl net.ipv4.ip_forward=1 busybox cat /proc/sys/net/ipv4/ip_forward
check "--device" run --rm --device /dev/fuse:/dev/seen busybox test -c /dev/seen
check_output "--umask" 0027 run --rm --umask 0027 busybox sh -c umask
check "run --privileged" run --rm --privileged busybox true
check "a server to join" run -d --name host busybox sleep 1000
check_match "--pid container:" 'sleep 1000' run --rm --pid container:host busybox ps
same_ipc() { [ "$(pod exec host readlink /proc/1/ns/ipc)" = "$(run --rm --ipc container:host busybox readlink /proc/1/ns/ipc)" ]; }
check "--ipc container:" same_ipc
check "rm --force" pod rm --force --time 0 host

# --- limits ----------------------------------------------------------------------------------------
group_of() { pod inspect --format '{{.State.CgroupPath}}' "$1"; }
check "run with limits" run -d --name limits --memory 64m --cpus 0.5 --pids-limit 20 busybox sleep 1000
if [ -d /sys/fs/cgroup/memory ] || grep -qs memory /sys/fs/cgroup/cgroup.controllers; then
    limit() { cgroup_files "$(group_of limits)" "$@"; }
    check_output "--memory is set" 67108864 limit memory/memory.limit_in_bytes memory.max
    check_match "--cpus is set" '^50000' limit cpu/cpu.cfs_quota_us cpu.max
    check_output "--pids-limit is set" 20 limit pids/pids.max pids.max
else
    skip "limits are set" "no memory controller"
fi
pod rm --force --time 0 limits >/dev/null

# --- pods ------------------------------------------------------------------------------------------
if command -v catatonit >/dev/null; then
    check "pod create" pod pod create --name duo --hostname duo "$parent" --network none
    check "a server in the pod" pod run -d --pod duo --name duo-server busybox httpd -f -p 80 -h /www
    fetch() { pod run --rm --pod duo busybox wget -q -O - http://127.0.0.1/; }
    check "its neighbour reaches it by the shared loopback" wait_until 30 fetch
    check_output "they share the hostname" duo pod run --rm --pod duo busybox hostname
    check_output "pod ps" "duo Running" pod pod ps --format '{{.Name}} {{.Status}}'
    check "pod pause" pod pod pause duo
    check "its containers are paused" state_is duo-server paused
    check "pod unpause" pod pod unpause duo
    check "pod restart" pod pod restart duo
    check "it answers again" wait_until 30 fetch
    check "pod stop" pod pod stop --time 1 duo
    check "pod rm" pod pod rm --force --time 0 duo
    cat >kube.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: kube}
spec:
  containers:
    - {name: one, image: localhost/busybox, command: [sh, -c, 'echo one; sleep 1000']}
    - name: two
      image: localhost/busybox
      command: [sleep, '1000']
      securityContext: {runAsUser: 1000, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}
      resources: {limits: {memory: 64Mi}}
YAML
    check "play kube" pod play kube --network none kube.yaml
    check_output "a container of it" 1000 pod exec kube-two id -u
    check_fails "its root is read-only" any "Read-only" pod exec kube-two touch /x
    check "play kube --down" pod play kube --down kube.yaml
else
    skip "pods" "catatonit is not installed"
fi

# --- network ---------------------------------------------------------------------------------------
published() { pod run -d --name web "$parent" -p 127.0.0.1:18080:80 busybox httpd -f -p 80 -h /www; }
answers() { [ "$(curl --silent --max-time 5 http://127.0.0.1:18080/)" = 'served from a container' ]; }
check "run -p starts a server" published
check "the published port answers" wait_until 30 answers
check "rm" pod rm --force --time 0 web

# --- healthcheck -----------------------------------------------------------------------------------
check "run with a healthcheck" run -d --name health --health-cmd 'test -e /healthy' --health-retries 1 busybox sleep 1000
check_exit "it is unhealthy" 1 pod healthcheck run health
pod exec health touch /healthy
check "it is healthy" pod healthcheck run health
check_output "its state" healthy pod inspect --format '{{.State.Health.Status}}' health
pod rm --force --time 0 health >/dev/null

# --- what Podman asks of crun ----------------------------------------------------------------------
if [ "$runtime_name" = runc ]; then
    for case in "--cgroups=disabled" "--group-add keep-groups" "--preserve-fds" "exec --preserve-fds"; do
        skip "$case" "Podman offers it with crun and with runtimes of the drop-in only; runc has no such thing"
    done
else
    own_group() { # how often the container's id stands in the name of its cgroup
        pod run -d --network none --name nogroup --cgroups=disabled busybox sleep 1000 >/dev/null || return 1
        cut -d: -f3- "/proc/$(pod inspect --format '{{.State.Pid}}' nogroup)/cgroup" | grep -c "$(pod inspect --format '{{.Id}}' nogroup)"
        pod rm --force --time 0 nogroup >/dev/null
    }
    check_match "--cgroups=disabled makes no cgroup" '^0$' own_group
    kept() { setpriv --groups 0,4242 podman --runtime "$runtime_name" run --rm --network none "$parent" --group-add keep-groups busybox id -G; }
    check_match "--group-add keep-groups" '(^| )4242( |$)' kept
    passes_fds() { pod run --rm --network none "$parent" --preserve-fds 2 busybox sh -c 'cat <&3; cat <&4' 3<<<three 4<<<four; }
    check_output "--preserve-fds" $'three\nfour' passes_fds
    run -d --name fds busybox sleep 1000 >/dev/null
    exec_fds() { pod exec --preserve-fds 1 fds sh -c 'cat <&3' 3<<<three; }
    check_output "exec --preserve-fds" three exec_fds
    pod rm --force --time 0 fds >/dev/null
fi

notified() { # MODE: what arrives on the socket of who started Podman
    python3 - "$1" "$podman_line" "$parent" <<'PYTHON'
import os, socket, subprocess, sys
mode, line, parent = sys.argv[1:]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("notify.sock")
server.settimeout(30)
script = 'sleep 1000' if mode == "conmon" else '''
    test "$NOTIFY_SOCKET" && printf "READY=1" >/ready && while :; do sleep 1; done'''
command = line.split() + ["run", "-d", "--name", "notify", "--network", "none", parent, "--sdnotify", mode,
                          "busybox", "sh", "-c", script]
podman = subprocess.Popen(command, env=dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify.sock")),
                          stdout=subprocess.DEVNULL)
if mode == "container":  # the container itself says that it is ready
    for _ in range(300):
        found = subprocess.run(line.split() + ["inspect", "--format", "{{.State.Pid}} {{.State.Running}}", "notify"],
                               capture_output=True, text=True).stdout.split()
        if found[1:] == ["true"]:
            break
    inside = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    inside.connect(f"/proc/{found[0]}/root/run/notify/notify.sock")
    inside.send(b"READY=1")
said = ""
while "READY=1" not in said or "MAINPID=" not in said:
    said += server.recv(4096).decode() + "\n"
print("ready with MAINPID" if int(said.split("MAINPID=")[1].split("\n")[0]) > 0 else said)
podman.wait()
PYTHON
    local code=$?
    pod rm --force --time 0 notify >/dev/null 2>&1
    rm -f notify.sock
    return $code
}
check_output "--sdnotify=conmon" "ready with MAINPID" notified conmon
check_output "--sdnotify=container" "ready with MAINPID" notified container

# --- checkpoint ------------------------------------------------------------------------------------
if why=$(can_checkpoint); then
    run -d --name frozen busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done' >/dev/null
    check "container checkpoint" pod container checkpoint frozen
    check "container restore" pod container restore frozen
    check "it runs on" wait_until 20 state_is frozen running
    pod rm --force --time 0 frozen >/dev/null
else
    skip "container checkpoint and restore" "$why"
fi

# --- build -----------------------------------------------------------------------------------------
mkdir context
printf 'FROM localhost/busybox AS first\nRUN echo built >/result\nFROM localhost/busybox\nCOPY --from=first /result /result\nRUN cat /result\n' >context/Containerfile
check_match "build" '^built$' pod build --runtime "$(command -v "$runtime_name")" --isolation oci --network none -t built context
check_output "what it built runs" built run --rm built cat /result

check_output "no container is left" "" pod ps --all --quiet
finish
