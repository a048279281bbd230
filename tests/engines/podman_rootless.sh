#!/bin/bash
# Podman of an ordinary user with --runtime ocirun: ids by newuidmap, no cgroup, no capability on the host.
#
#   podman_rootless.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc podman_rootless.sh: with another runtime
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/podman.sh
. "$here/../support/podman.sh"
need_programs podman conmon jq curl script busybox newuidmap setpriv
enter_engine "$@"
install_for_podman

# --- the user --------------------------------------------------------------------------------------
chmod 0755 "$work"
echo "octest:x:12345:12345::$work/user:/bin/sh" >>/etc/passwd
echo 'octest:x:12345:' >>/etc/group
echo 'octest:300000:65536' >/etc/subuid
cp /etc/subuid /etc/subgid
mkdir -p /run/user/12345 user
chmod 0700 /run/user/12345
chown 12345:12345 /run/user/12345 user
rm /etc/containers/storage.conf # root's places
# As udev sets it up elsewhere: everybody may open it.
mknod -m 0666 /run/tun c 10 200 2>/dev/null && [ -c /dev/net/tun ] && mount --bind /run/tun /dev/net/tun
as_user() {
    setpriv --reuid=12345 --regid=12345 --groups=12345,4242 --bounding-set=+all --inh-caps=-all env -i HOME="$work/user" \
        XDG_RUNTIME_DIR=/run/user/12345 PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TMPDIR="$work/user" \
        DISABLE_HC_SYSTEMD=true "$@"
}
cd user || exit 1
pod() { as_user timeout 100 podman --runtime "$runtime_name" "$@"; }
run() { pod run --network none "$@"; }
stop_engine() { pod rm --all --force --time 0 >/dev/null 2>&1; }

make_engine_root "$work/root"
import_image() { tar -C "$work/root" -c . | pod import --change CMD=/bin/sh --change ENV=PATH=/bin - busybox; }
check "import makes an image" import_image
check_output "it is an ordinary user's Podman" "true $runtime_name" pod info --format '{{.Host.Security.Rootless}} {{.Host.OCIRuntime.Name}}'
check_output "run --rm prints what the command prints" hello run --rm busybox echo hello
if [ "$tests_failed" -gt 0 ]; then finish; fi # nothing else can work then

check_output "root inside is the user outside" '0 12345 1' run --rm busybox sh -c 'head -n 1 /proc/self/uid_map | tr -s " " | sed "s/^ //"'
check_output "the other ids are the user's own range" '1000 1000' run --rm --user guest busybox sh -c 'echo $(id -u) $(id -g)'
check_exit "exit code 42 of a command" 42 run --rm busybox sh -c 'exit 42'
check_exit "exit code 126 when the file is not executable" 126 run --rm busybox /bin/not-executable
check_exit "exit code 127 when there is no such command" 127 run --rm busybox no-such-command
check_output "-t gives a terminal" /dev/pts/0 run --rm -t busybox tty
check_output "--read-only and /dev/null" ok run --rm --read-only busybox sh -c 'echo x >/dev/null && echo ok'
mkdir shared && chown 12345:12345 shared
check "a bind mount takes files" run --rm -v "$work/user/shared:/data" busybox touch /data/made
check_output "they are the user's" 12345 stat -c %u shared/made
check_output "--userns keep-id" 12345 run --rm --userns keep-id busybox id -u
check_output "--uidmap" '0 1 10' run --rm --uidmap 0:1:10 --gidmap 0:1:10 busybox sh -c 'echo $(cat /proc/self/uid_map)'
check_output "seccomp is on" 'Seccomp: 2' run --rm busybox sh -c 'grep ^Seccomp: /proc/self/status | tr "\t" " "'
check "run --privileged" run --rm --privileged busybox mount -t tmpfs tmpfs /tmp

state_is() { [ "$(pod inspect --format '{{.State.Status}}' "$1")" = "$2" ]; }
check "run -d" run -d --name server busybox sh -c 'echo serving; trap "exit 3" TERM; while :; do sleep 0.1; done'
check_output "inspect names the runtime" "$runtime_name" pod inspect --format '{{.OCIRuntime}}' server
has_logs() { pod logs server | grep -qx serving; }
check "logs" wait_until 20 has_logs
check_output "exec" '1000 /tmp' pod exec -u guest -w /tmp server sh -c 'echo $(id -u) $(pwd)'
check_output "exec -t gives a terminal" /dev/pts/0 pod exec -t server tty
check_exit "exec of a missing command is 127" 127 pod exec server no-such-command
check_match "top" serving pod top server args
check "stop" pod stop --time 5 server
check_output "its exit code is that of the trap" 3 pod wait server
check "start" pod start server
check "restart" pod restart --time 1 server
check "kill" pod kill server
check_output "its exit code" 137 pod wait server
check "rm" pod rm server

if command -v catatonit >/dev/null; then
    check "pod create" pod pod create --name duo --hostname duo --network none
    check "a server in the pod" pod run -d --pod duo --name duo-server busybox httpd -f -p 80 -h /www
    fetch() { pod run --rm --pod duo busybox wget -q -O - http://127.0.0.1/; }
    check "its neighbour reaches it by the shared loopback" wait_until 30 fetch
    check "pod rm" pod pod rm --force --time 0 duo
else
    skip "pods" "catatonit is not installed"
fi

check "run with a healthcheck" run -d --name health --health-cmd 'test -e /healthy' --health-retries 1 busybox sleep 1000
check_exit "it is unhealthy" 1 pod healthcheck run health
pod exec health touch /healthy
check "it is healthy" pod healthcheck run health
pod rm --force --time 0 health >/dev/null

if [ "$runtime_name" = runc ]; then
    skip "--group-add keep-groups, --cgroups=disabled, --preserve-fds" "Podman offers them with crun and with runtimes of the drop-in only"
else
    # The group is not mapped: inside it is the overflow id, and what the group may read can be read.
    echo secret >"$work/for-group"
    chown 0:4242 "$work/for-group" && chmod 0640 "$work/for-group"
    check_fails "a file of a supplementary group is closed" 1 "Permission denied" run --rm -v "$work/for-group:/file" busybox cat /file
    check_output "--group-add keep-groups opens it" secret run --rm --group-add keep-groups -v "$work/for-group:/file" busybox cat /file
    check_output "--cgroups=disabled" hello run --rm --cgroups=disabled busybox echo hello
    passes_fds() { pod run --rm --network none --preserve-fds 1 busybox sh -c 'cat <&3' 3<<<three; }
    check_output "--preserve-fds" three passes_fds
fi

if command -v slirp4netns >/dev/null && as_user test -w /dev/net/tun; then
    check "run -p starts a server" pod run -d --name web --network slirp4netns -p 127.0.0.1:18080:80 busybox httpd -f -p 80 -h /www
    answers() { [ "$(curl --silent --max-time 5 http://127.0.0.1:18080/)" = 'served from a container' ]; }
    check "the published port answers" wait_until 30 answers
    pod rm --force --time 0 web >/dev/null
else
    skip "published ports of an ordinary user" "slirp4netns or a /dev/net/tun for everybody is missing"
fi

mkdir context && chown 12345:12345 context
printf 'FROM localhost/busybox\nRUN echo built >/result\n' >context/Containerfile
check "build" pod build --runtime "/usr/local/bin/$runtime_name" --isolation oci --network none -t built context
check_output "what it built runs" built run --rm built cat /result
check_output "no container is left" "" pod ps --all --quiet
finish
