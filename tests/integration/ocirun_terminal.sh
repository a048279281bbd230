#!/bin/bash
# Terminals: handed over by a console socket, or copied in the foreground; sizes, signals, exit codes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
command -v script >/dev/null || skip_all "script (bsdutils) is not installed"

make_bundle b
edit_config b '.process.terminal = true'
cp b/config.json base.json
configure() {
    local filter=$1
    shift
    jq "$filter | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json
}

# An engine's side of the protocol: accepts late, as containerd does, takes one descriptor, writes INPUT to
# the terminal once it has seen "ready" on it, and copies what comes until it is closed.
cat >receiver.py <<'PYTHON'
import array, os, socket, sys
path, wanted, sent = sys.argv[1], sys.argv[2], sys.argv[3].encode().decode("unicode_escape").encode()
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(path + ".new")
server.listen(1)
os.rename(path + ".new", path)
while not os.path.exists(wanted):
    os.sched_yield()
connection, _ = server.accept()
payload, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16))
descriptors = array.array("i")
for level, kind, data in ancillary:
    if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
        descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
more = connection.recv(1)
print("descriptors", len(descriptors), "payload", 1 <= len(payload) < 4096, "then", more, "tty", os.isatty(descriptors[0]), flush=True)
seen = b""
while True:
    try:
        data = os.read(descriptors[0], 4096)
    except OSError:
        break
    if not data:
        break
    sys.stdout.write(data.decode())
    sys.stdout.flush()
    seen += data
    if b"ready" in seen and sent:
        os.write(descriptors[0], sent)
        sent = b""
PYTHON
# Terminals end lines with a carriage return and echo control characters as ^@, ^C, ^D.
plain() { tr -d '\r\0\b' | sed 's/\^[@CD]//g'; }
receive() { # GO INPUT: starts the receiver, which accepts when the file GO exists
    rm -f socket
    python3 receiver.py "$test_dir/socket" "$1" "$2" >received 2>&1 &
    receiver=$!
    expect_process "$receiver"
    wait_until 10 test -S socket
}
received() { plain <received | sed 1d; }

# --- console socket --------------------------------------------------------------------------------
configure '.process.consoleSize = {height: 33, width: 77}' sh -c 'tty; stty size; ls -l /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 | sed "s/.* //"; echo ready; read line; echo "got $line"'
rm -f go
receive "$test_dir/go" 'hello\n'
check "create does not wait for the engine to accept" rt create -b b --console-socket "$test_dir/socket" one
touch go
wait_until 5 grep -q descriptors received
check_output "one message with one descriptor, a terminal, then the end" "descriptors 1 payload True then b'' tty True" head -n 1 received
check "start" rt start one
check "the container ends when it has its line" wait_until 10 status_is one stopped
wait_until 5 bash -c "! kill -0 $receiver 2>/dev/null"
check_output "the terminal is stdin, stdout and stderr; input and size arrive" \
    $'/dev/pts/0\n33 77\n/dev/pts/0\n/dev/pts/0\n/dev/pts/0\nready\nhello\ngot hello' received
check "delete" rt delete one

configure . sh -c 'stat -c "%F" /dev/console; grep -c " /dev/console " /proc/self/mountinfo; echo typed >/dev/console'
rm -f go && touch go
receive "$test_dir/go" ''
check "run --detach with a console socket" rt run -d -b b --console-socket "$test_dir/socket" one
wait_until 10 status_is one stopped
wait_until 5 bash -c "! kill -0 $receiver 2>/dev/null"
check_output "/dev/console is the terminal" $'character special file\n1\ntyped' received
rt delete --force one

# The terminal is the controlling one of a new session.
configure . sh -c 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.05; done'
receive "$test_dir/go" '\x03'
check "a container that waits for control-C" rt run -d -b b --console-socket "$test_dir/socket" one
check "control-C reaches it: the terminal controls its session" wait_until 10 grep -q interrupted received
wait_until 10 status_is one stopped
rt delete --force one

# --- exec with a terminal --------------------------------------------------------------------------
jq '.process.terminal = false | .process.args = ["sleep", "1000"]' base.json >b/config.json
check "a container without a terminal" rt run -d -b b one
receive "$test_dir/go" ''
check "exec --tty --detach with a console socket" rt exec --tty --detach --console-socket "$test_dir/socket" one sh -c 'tty; echo done'
wait_until 10 grep -q 'done' received
check_output "exec has a terminal of the container" $'/dev/pts/0\ndone' received
check_fails "exec --tty --detach needs a console socket" 255 'console socket' rt exec --tty --detach one true
# script gives the runtime a terminal of its own, as a user's shell does.
on_terminal() { script -qec "$*" /dev/null </dev/null | plain | grep .; }
check_output "exec --tty in the foreground" /dev/pts/0 on_terminal "'$RUNTIME' --root '$state_root' exec --tty one tty"
exec_code() { script -qec "'$RUNTIME' --root '$state_root' exec -t one sh -c 'exit 9'" /dev/null </dev/null; }
check_exit "and its exit code" 9 exec_code
check "delete" rt delete --force one

# --- the foreground --------------------------------------------------------------------------------
foreground() { timeout -s KILL 30 script -qec "stty rows 40 cols 99; '$RUNTIME' --root '$state_root' run -b b one" /dev/null; }
configure . sh -c 'tty; stty size; exit 6'
run_captured foreground
check "run in the foreground ends with the exit code" test "$test_status" -eq 6
# An end of stdin would hang the terminal up: it comes after the container has ended.
foreground_output() { sleep 2 | foreground | plain; }
configure . sh -c 'tty; stty size'
check_output "the size of the user's terminal is passed on" $'/dev/pts/0\n40 99' foreground_output
into_pipe() { rt run -b b one | od -An -tx1; }
configure . echo line
check_output "lines for a pipe end as those of a program" ' 6c 69 6e 65 0a' into_pipe
typed() { (sleep 0.5; printf 'typed\r'; sleep 0.5) | foreground | plain | tail -n 1; }
configure . sh -c 'read line; echo "got $line"'
check_output "what the user types arrives" 'got typed' typed
resize() { # the size changes while the container runs
    python3 - "$RUNTIME" "$state_root" <<'PYTHON'
import fcntl, os, pty, struct, sys, termios, select
runtime, root = sys.argv[1:]
child, master = pty.fork()
if child == 0:
    os.execv(runtime, [runtime, "--root", root, "run", "-b", "b", "one"])
seen = b""
resized = False
while select.select([master], [], [], 20)[0]:
    try:
        data = os.read(master, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if b"ready" in seen and not resized:
        resized = True
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 21, 43, 0, 0))
_, status = os.waitpid(child, 0)
print(seen.decode().replace("\r", "").strip().splitlines()[-1], os.waitstatus_to_exitcode(status))
PYTHON
}
configure . sh -c 'trap "stty size; exit 4" WINCH; echo ready; i=0; while [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done'
check_output "a new size of the user's terminal is passed on" '21 43 4' resize
interrupt() { (sleep 1; printf '\003'; sleep 1) | foreground | plain | tail -n 1; }
configure . sh -c 'trap "echo caught; exit 4" INT; i=0; while [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done'
check_output "control-C is for the container, not for the runtime" caught interrupt
configure . sh -c 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done'
all_lines() { sleep 2 | foreground | plain | grep -c '^line'; }
check_output "no output is lost at the end" 3000 all_lines
assert_nothing_left
finish
