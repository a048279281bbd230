#!/bin/bash
# crun's annotations: groups that are kept, the output of hooks, the receiver of a pidfd; those that reach the host
# only with --unsafe-annotations.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "runc knows none of these annotations"

make_bundle b sh -c 'echo $(id -G)'
with_groups() { setpriv --regid 0 --groups 12,34 "$RUNTIME" --root "$state_root" "$@"; }
edit_config b '.process.user.additionalGids = [7]'
check_output "without the annotation groups are those of the configuration" '0 7' with_groups run -b b one
edit_config b '.annotations = {"run.oci.keep_original_groups": "1"}'
check_output "with it those of who runs the runtime" '0 12 34' with_groups run -b b one
set_args b sleep 1000
with_groups run --detach -b b one
check_output "exec keeps its own caller's groups" '0 12 34' with_groups exec one sh -c 'echo $(id -G)'
rt delete --force one
make_bundle u sh -c 'echo $(id -G)'
edit_config u '.annotations = {"run.oci.keep_original_groups": "1"} | .linux.namespaces += [{"type":"user"}]
  | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
  | .mounts |= map(select(.type != "sysfs" and .type != "mqueue"))'
chown -R 100000:100000 u/rootfs && chmod 755 "$test_dir" u
check_output "in a user namespace they have no name but are there" '0 65534 65534' with_groups run -b u two

cat >hook.sh <<'H'
#!/bin/sh
echo "$1 says"
echo "$1 complains" >&2
H
chmod 755 hook.sh
set_args b true
edit_config b --arg hook "$test_dir/hook.sh" --arg dir "$test_dir" '.hooks = {createRuntime: [{path: $hook, args: ["hook", "createRuntime"]}], poststop: [{path: $hook, args: ["hook", "poststop"]}]}
  | .annotations = {"run.oci.hooks.stdout": ($dir + "/said"), "run.oci.hooks.stderr": ($dir + "/complained"), "run.oci.pidfd_receiver": ($dir + "/pidfd.sock")}'
check_match "an annotation that names a place of the host is told to have no effect" 'run.oci.hooks.stdout names a place of the host' \
    bash -c "'$RUNTIME' --root '$state_root' run -b b one 2>&1"
check_not "and has none" test -e said
edit_config b 'del(.annotations["run.oci.pidfd_receiver"])'
check "run --unsafe-annotations" rt --unsafe-annotations run -b b one
check_output "the hooks' output is kept, also that of poststop" $'createRuntime says\npoststop says' cat said
check_output "and what they complain about" $'createRuntime complains\npoststop complains' cat complained
edit_config b --arg dir "$test_dir" '.annotations["run.oci.pidfd_receiver"] = ($dir + "/pidfd.sock")'
check_fails "a receiver that is not there" 1 'run.oci.pidfd_receiver' rt --unsafe-annotations create -b b one
python3 - <<'P' &
import array, os, re, socket
server = socket.socket(socket.AF_UNIX)
server.bind("pidfd.sock")
server.listen(1)
open("listening", "w").close()
client, _ = server.accept()
_, control, _, _ = client.recvmsg(4096, socket.CMSG_SPACE(4))
fd = array.array("i", control[0][2])[0]
open("pidfd.pid", "w").write(re.search(r"^Pid:\s*(\d+)", open("/proc/self/fdinfo/%d" % fd).read(), re.M).group(1))
P
receiver=$!
expect_process "$receiver"
wait_until 10 test -e listening
check "create with a receiver" rt --unsafe-annotations create -b b --pid-file pid one
timeout 10 tail --pid="$receiver" -f /dev/null
check_output "it gets init's pidfd" "$(cat pid)" cat pidfd.pid
rt delete --force one
check "features lists every annotation that counts" bash -c "'$RUNTIME' features | jq -e '.potentiallyUnsafeConfigAnnotations | contains([\"run.oci.keep_original_groups\", \"run.oci.hooks.stdout\", \"run.oci.hooks.stderr\", \"run.oci.pidfd_receiver\"])'"
assert_nothing_left
finish
