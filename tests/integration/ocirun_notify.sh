#!/bin/bash
# NOTIFY_SOCKET: the container tells the runtime that it is ready, and the runtime the service manager; and
# LISTEN_FDS: sockets of the service manager for the container.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

# The service manager: writes down what it is told, and closes what a BARRIER=1 brings along.
cat >manager.py <<'P'
import array, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1].replace("@", "\0", 1) if sys.argv[1][0] == "@" else sys.argv[1])
log = open(sys.argv[2], "a", buffering=1)
print("ready", flush=True)
while True:
    data, control, _, _ = server.recvmsg(4096, socket.CMSG_SPACE(4))
    log.write(data.decode().replace("\n", "|") + "\n")
    for _, _, fds in control:
        os.close(array.array("i", fds)[0])
P
start_manager() { # SOCKET LOG
    rm -f manager.out
    python3 manager.py "$1" "$2" >manager.out 2>&1 &
    manager=$!
    expect_process "$manager"
    is_up() { grep -q ready manager.out; }
    wait_until 10 is_up
}
notified() { NOTIFY_SOCKET=$test_dir/manager.sock timeout -s KILL 60 "$RUNTIME" --root "$state_root" "$@"; }
says() { # LOG LINE: the manager was told this, whole line
    grep -qxF -e "$2" "$1"
}

make_bundle b
cat >b/rootfs/bin/notify <<'S'
#!/bin/sh
# A program that is ready after a while, and says so as sd_notify(3) does.
[ "$NOTIFY_SOCKET" = /run/notify/notify.sock ] || exit 3
[ -S "$NOTIFY_SOCKET" ] || exit 4
touch /run/notify/x 2>/dev/null && exit 5
send() { printf "$1" | nc -w 0 -uU "$NOTIFY_SOCKET" 2>/dev/null || printf "$1" | /bin/send; }
/bin/send 'STATUS=starting'
sleep 0.3
touch /ready
/bin/send 'STATUS=up\nREADY=1\nMAINPID=77'
exec sleep 1000
S
# busybox has nothing that sends to a datagram socket: a small static program does.
cat >send.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
int main(int argc, char** argv) {
    struct sockaddr_un a = {AF_UNIX, ""};
    char text[200];
    size_t n = 0;
    for (const char* c = argv[1]; argc > 1 && *c && n < sizeof text; ++c) text[n++] = c[0] == '\\' && c[1] == 'n' ? (++c, '\n') : *c;
    strncpy(a.sun_path, getenv("NOTIFY_SOCKET"), sizeof a.sun_path - 1);
    int s = socket(AF_UNIX, SOCK_DGRAM, 0);
    return sendto(s, text, n, 0, (struct sockaddr*)&a, sizeof a) < 0;
}
C
cc -static -o b/rootfs/bin/send send.c 2>cc.err || skip_all "there is no C compiler here: $(cat cc.err)"
sed -i '/^send()/d' b/rootfs/bin/notify
chmod 755 b/rootfs/bin/notify
start_manager "$test_dir/manager.sock" log

# --- create and start ------------------------------------------------------------------------------
set_args b /bin/notify
check "create" notified create -b b one
check "start waits" notified start one
check "until the container is ready" [ -e b/rootfs/ready ]
pid=$(rt state one | jq .pid)
check_output "the manager is told READY, the main process, and both at once" "READY=1|
MAINPID=$pid|
BARRIER=1" cat log
check "delete" rt delete --force one

# --- run -------------------------------------------------------------------------------------------
rm -f b/rootfs/ready
: >log
check "run --detach waits as well" notified run --detach -b b one
check "until it is ready" [ -e b/rootfs/ready ]
check "the main process is the container's" says log "MAINPID=$(rt state one | jq .pid)|"
rt delete --force one
rm -f b/rootfs/ready
: >log
set_args b sh -c '/bin/send READY=1; sleep 0.3; exit 7'
check_exit "run in the foreground ends as the container does" 7 notified run -b b one
check_output "READY is passed on, the runtime itself stays the main process" "READY=1|" cat log
: >log
set_args b sh -c 'exit 0'
check "a container that ends without a word" notified run --detach -b b one
check_output "is not waited for for ever" "" cat log
rt delete --force one
set_args b sh -c 'echo "$NOTIFY_SOCKET"'
edit_config b '.process.env += ["NOTIFY_SOCKET=/elsewhere"]'
check_output "the variable of the configuration gives way" /run/notify/notify.sock notified run -b b one
check_output "without a service manager it stays" /elsewhere rt run -b b one
edit_config b '.process.user = {uid: 1000, gid: 1000} | .process.args = ["/bin/send", "READY=1"]'
: >log
check "another user may write to it" notified run --detach -b b one
check_output "and is heard" "READY=1|" head -n 1 log
rt delete --force one
check_fails "a name that is no socket's" 1 'NOTIFY_SOCKET: "relative" is neither an absolute path' env NOTIFY_SOCKET=relative "$RUNTIME" --root "$state_root" run -b b one
kill "$manager"
wait "$manager" 2>/dev/null
: >log
start_manager "@$test_cgroup-manager" log
check "an abstract socket" env NOTIFY_SOCKET="@$test_cgroup-manager" "$RUNTIME" --root "$state_root" run --detach -b b one
check_output "is told too" "READY=1|" head -n 1 log
rt delete --force one
kill "$manager"
wait "$manager" 2>/dev/null

# --- LISTEN_FDS ------------------------------------------------------------------------------------
make_bundle b sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3; ls -l /proc/self/fd 2>/dev/null | grep -c listened'
edit_config b '.process.env += ["LISTEN_FDS=9", "LISTEN_PID=9"]'
echo hello >listened
with_listen() { # PID COMMAND...: as a service manager starts a service, "own" stands for its pid
    local pid=$1
    shift
    sh -c 'pid=$1; shift; [ "$pid" != own ] || pid=$$; LISTEN_FDS=1 LISTEN_PID=$pid exec "$@" 3<listened' sh "$pid" "$@"
}
check_output "LISTEN_FDS for this process go to the container, as process 1's" "1 1
hello
1" with_listen own "$RUNTIME" --root "$state_root" run -b b one
set_args b sh -c 'echo "$LISTEN_FDS"; ls /proc/self/fd | wc -l'
check_output "those of another process do not" "9
4" with_listen 1 "$RUNTIME" --root "$state_root" run -b b one
assert_nothing_left
finish
