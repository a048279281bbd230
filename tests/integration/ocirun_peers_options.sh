#!/bin/bash
# Options that only one of runc and crun has: cgroups of exec, pidfd sockets, --regex, --log of crun, spec -f.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "these options are those of several runtimes"

make_bundle b
rt run --detach -b b --pid-file b/pid one || exit 1

# --- exec --cgroup -------------------------------------------------------------------------------------
if [ -d /sys/fs/cgroup/pids ]; then
    mkdir "/sys/fs/cgroup/pids/$test_cgroup-b/sub" "/sys/fs/cgroup/cpu/$test_cgroup-b/sub"
    cgroup_of() { grep -E "(:|,)$1(,|:)" cgroups | cut -d: -f3; }
    exec_in() { rt exec --cgroup "$@" one cat /proc/self/cgroup; }
    check_fails "a cgroup of exec that does not exist in every hierarchy" 255 '--cgroup' exec_in sub
    exec_in pids:sub >cgroups
    check_output "exec --cgroup CONTROLLER:PATH" "/$test_cgroup-b/sub" cgroup_of pids
    both() { exec_in pids,cpu:sub >cgroups && cgroup_of pids && cgroup_of memory; }
    check_output "several controllers at once, others as they were" "/$test_cgroup-b/sub"$'\n'"/$test_cgroup-b" both
    check_fails "an unknown controller" 255 'unknown controller "nonsense"' exec_in nonsense:sub
    check_fails "a way out of the container's cgroup" 255 'without ".."' exec_in pids:../..
    rmdir "/sys/fs/cgroup/pids/$test_cgroup-b/sub" "/sys/fs/cgroup/cpu/$test_cgroup-b/sub"
elif [ -e /sys/fs/cgroup/cgroup.procs ]; then
    mkdir "/sys/fs/cgroup/$test_cgroup-b/sub"
    check_match "exec --cgroup PATH" "/$test_cgroup-b/sub\$" rt exec --cgroup sub one cat /proc/self/cgroup
    check_fails "controllers are for cgroup v1" 255 'without controllers' rt exec --cgroup cpu:sub one true
    check_fails "a cgroup that is not there" 255 'no such file' rt exec --cgroup absent one true
    check_fails "a way out of the container's cgroup" 255 'without ".."' rt exec --cgroup ../.. one true
else
    check_fails "a cgroup without cgroups" 255 'no cgroup' rt exec --cgroup sub one true
fi

# --- pidfd sockets -------------------------------------------------------------------------------------
cat >receive.py <<'P'
import array, os, re, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(1)
open(sys.argv[1] + ".ready", "w").close()
client, _ = server.accept()
data, control, _, _ = client.recvmsg(4096, socket.CMSG_SPACE(4))
fd = array.array("i", control[0][2])[0]
pid = re.search(r"^Pid:\s*(\d+)", open("/proc/self/fdinfo/%d" % fd).read(), re.M).group(1)
open(sys.argv[2], "w").write(data.decode() + " " + pid)
P
with_receiver() { # OUTPUT COMMAND...
    local out=$1
    shift
    rm -f pidfd.sock pidfd.sock.ready "$out"
    python3 receive.py pidfd.sock "$out" &
    local receiver=$!
    expect_process "$receiver"
    wait_until 10 test -e pidfd.sock.ready
    "$@" && wait "$receiver"
}
check "exec --pidfd-socket" with_receiver got rt exec --detach --pid-file exec.pid --pidfd-socket pidfd.sock one sleep 100
check_output "sends a pidfd of the process" "setns $(cat exec.pid)" cat got
make_bundle c
check "create --pidfd-socket" with_receiver got rt create -b c --pid-file c/pid --pidfd-socket pidfd.sock two
check_output "sends a pidfd of init" "standard $(cat c/pid)" cat got
rt delete --force two
check_fails "a socket that is not there" 1 '--pidfd-socket' rt create -b c --pidfd-socket absent.sock two

# --- exec ----------------------------------------------------------------------------------------------
no_tty() { rt exec -t=false one sh -c '[ -t 0 ] || echo none'; }
check_output "exec -t=false" none no_tty
check_fails "a failure of exec ends with 255" 255 'executable file not found' rt exec one nothing-of-that-name
edited() { edit_config b '.process.cwd = "/etc"' && rt exec one pwd; }
check_output "exec goes by the configuration that create read, whatever became of the bundle" / edited
jq '.process.args = ["echo", "other file"]' c/config.json >other.json
check_output "run --config" "other file" rt run -b c --config other.json three
check_fails "exec --process-label without SELinux" 255 'SELinux' rt exec --process-label a:b:c:d one true

# --- --regex -------------------------------------------------------------------------------------------
for id in web-1 web-2 db-1; do base_config "$id" sleep 1000 >c/config.json && rt run --detach -b c "$id"; done
check "kill --regex" rt kill --regex '^web-[0-9]+$' KILL
check "kills what matches" wait_until 5 eval 'status_is web-1 stopped && status_is web-2 stopped'
check "and nothing else" status_is db-1 running
check "delete --regex" rt delete -r web
check_output "deletes what matches" $'db-1\none' rt list -q
check_fails "not a regular expression" 1 'is not a regular expression' rt delete --regex '('
check "delete --force --regex" rt delete -f --regex '^db'

# --- spec, logs, switches ------------------------------------------------------------------------------
check "spec -f" rt spec -f my.json
check_output "writes that file" 1.3.0 jq -r .ociVersion my.json
check_fails "and no file twice" 1 'exists' rt spec --file my.json
check_match "spec -f -" '"ociVersion"' rt spec -f -
check_fails "--log file:PATH" 1 'container does not exist' rt --log "file:$test_dir/colon.log" --log-format json state absent
check_output "writes there" error jq -r .level colon.log
record_warning() { # a container without cgroups warns of its limits
    jq '.linux.resources = {pids: {limit: 5}}' c/config.json >limit.json
    rt --cgroup-manager disabled --log "$test_dir/$1" --log-format json "${@:2}" run -b c -f limit.json warned 2>/dev/null
    [ ! -e "$1" ] || jq -r .level "$1"
}
edit_config c '.process.args = ["true"]'
check_output "by default no warning is recorded" '' record_warning none.log
check_output "--log-level warning records them" warning record_warning some.log --log-level warning
check_fails "an unknown level" 1 '--log-level' rt --log-level loud list
check "--rootless takes auto" rt --rootless auto list
check_fails "--rootless takes nothing else" 1 'true, false and auto' rt --rootless maybe list
cat >syslog.py <<'P'
import os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
open("log.ready", "w").close()
open("log.got", "wb").write(server.recv(4096))
P
logged_to() { # SOCKET TARGET
    rm -f log.ready log.got "$1"
    python3 syslog.py "$1" &
    expect_process $!
    local receiver=$!
    wait_until 10 test -e log.ready
    rt --log "$2" state absent 2>/dev/null
    wait "$receiver"
    tr -d '\0' <log.got
}
mount -t tmpfs none /dev/shm
mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && mkdir /run/systemd/journal
check_match "--log journald:NAME" '^SYSLOG_IDENTIFIER=box$' logged_to /run/systemd/journal/socket journald:box
check_match "tells the message" 'container does not exist' cat log.got
if [ ! -e /dev/log ]; then
    check_match "--log syslog:NAME" '^<11>box: container does not exist' logged_to /dev/log syslog:box
    rm -f /dev/log
fi
rt delete --force one
assert_nothing_left
finish
