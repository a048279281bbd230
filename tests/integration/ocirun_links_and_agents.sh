#!/bin/bash
# Mounts whose source or destination is a symbolic link (copy-symlink, src-nofollow, dest-nofollow), and the
# agent of SCMP_ACT_NOTIFY: what it is told, and that it decides.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "runc has no such options"

# --- symbolic links --------------------------------------------------------------------------------
make_bundle b
cp b/config.json base.json
mkdir source
echo file >source/file
ln -s file source/link
ln -s old b/rootfs/place
echo old >b/rootfs/old
mounted() { # DESTINATION OPTIONS ARGS...
    local destination=$1 options=$2
    shift 2
    jq --arg from "$test_dir/source/link" --arg to "$destination" --argjson options "$options" '.mounts += [{source: $from,
        destination: $to, type: "bind", options: $options}] | .process.args = $ARGS.positional' <base.json --args -- "$@" >b/config.json
    rt run -b b one
}
check_output "a link as source is followed" "file" mounted /new '["bind"]' cat /new
check_output "copy-symlink makes the link again" "file" mounted /copied '["bind", "copy-symlink"]' readlink /copied
check_output "and mounts nothing" 0 mounted /copied '["bind", "copy-symlink"]' sh -c 'grep -c " /copied " /proc/self/mountinfo; true'
check_output "a link as destination is followed inside of the root" "file" mounted /place '["bind"]' sh -c '[ -L /place ] && cat /old'
check_output "src-nofollow with dest-nofollow puts the link on the link" "file" mounted /place '["bind", "src-nofollow", "dest-nofollow"]' readlink /place
check_output "the file behind it is as it was" old cat b/rootfs/old

# --- the agent -------------------------------------------------------------------------------------
cat >agent.py <<'P'
import array, fcntl, itertools, socket, struct, threading
def answer(listener):
    request = bytearray(80)
    fcntl.ioctl(listener, 0xc0502100, request)  # SECCOMP_IOCTL_NOTIF_RECV
    call = struct.unpack_from("<Q", request)[0]
    fcntl.ioctl(listener, 0xc0182101, struct.pack("<QqiI", call, 0, -95, 0))  # EOPNOTSUPP
server = socket.socket(socket.AF_UNIX)
server.bind("agent.sock")
server.listen(4)
open("listening", "w").close()
for number in itertools.count():
    client, _ = server.accept()
    data, control, _, _ = client.recvmsg(65536, socket.CMSG_SPACE(4))
    open("told.%d" % number, "wb").write(data)
    threading.Thread(target=answer, args=(array.array("i", control[0][2])[0],), daemon=True).start()
P
python3 agent.py 2>agent.err &
agent=$!
expect_process "$agent"
wait_until 10 [ -e listening ]
jq --arg socket "$test_dir/agent.sock" '.process.args = ["sleep", "1000"] | .annotations = {"who": "test"} | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
    listenerPath: $socket, listenerMetadata: "some data", flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
    syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}' <base.json >b/config.json
jq '.process.args = ["mkdir", "/tmp/refused"]' <b/config.json >c.json
check_fails "the agent's answer is the call's" 1 "Operation not supported" rt run --config "$test_dir/c.json" -b b one
check_output "it is told fds, metadata and the state of the container" '["seccompFd"] some data one creating test' \
    jq -r '(.fds | tojson) + " " + .metadata + " " + .state.id + " " + .state.status + " " + .state.annotations.who' told.0
check_output "the bundle" "$test_dir/b" jq -r .state.bundle told.0
check "a running container" rt run --detach -b b one
check_fails "what exec does is told to the agent too" 1 "Operation not supported" rt exec one mkdir /tmp/refused
kill "$agent" 2>/dev/null
wait "$agent" 2>/dev/null
rt delete --force one
assert_nothing_left
finish
