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
check_match "an annotation that names a place of the host is told to have no effect" 'run.oci.hooks.stdout reaches beyond the container' \
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
# --- seccomp ---------------------------------------------------------------------------------------
make_bundle b mkdir /tmp/made
seccomp='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 5}]}'
edit_config b "$seccomp"
check_fails "a call that is not known is left out" 1 "Input/output error" rt run -b b one
edit_config b '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "1"}'
check_fails "with the annotation it is an error" 1 'the system call "no_such_call" is not known here' rt run -b b one
# The program "return ALLOW": one instruction, BPF_RET|BPF_K with SECCOMP_RET_ALLOW.
program=$(printf '\006\000\000\000\000\000\377\177' | base64)
edit_config b --arg program "$program" '.annotations = {"run.oci.seccomp_bpf_data": $program}'
check_fails "a filter in an annotation has no effect" 1 "Input/output error" rt run -b b one
check "unless it is allowed to: then it takes the place of the rules" rt --unsafe-annotations run -b b one
rm -rf b/rootfs/tmp/made
edit_config b '.annotations = {"run.oci.seccomp_bpf_data": "abc"}'
check_fails "a filter that is none" 1 'annotations: run.oci.seccomp_bpf_data: must be base64' rt --unsafe-annotations run -b b one
edit_config b --arg dir "$test_dir" '.annotations = {"run.oci.seccomp.receiver": ($dir + "/agent.sock")} | .linux.seccomp.syscalls[0].names = ["mkdir"]
  | .linux.seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY" | del(.linux.seccomp.syscalls[0].errnoRet)'
edit_config b '.linux.seccomp.listenerPath = "/nowhere.sock"'
check_fails "a receiver does not count" 1 'connect with seccomp agent /nowhere.sock' rt run -b b one
check_fails "but with --unsafe-annotations" 1 "connect with seccomp agent $test_dir/agent.sock" rt --unsafe-annotations run -b b one

# --- mount context ---------------------------------------------------------------------------------
make_bundle b true
edit_config b '.annotations = {"run.oci.mount_context_type": "othercontext"}'
check_fails "a type of mount context that is none" 1 'run.oci.mount_context_type: unknown type "othercontext"' rt run -b b one
edit_config b '.annotations = {"run.oci.mount_context_type": "rootcontext"}'
check "one that is" rt run -b b one

# --- keyring ---------------------------------------------------------------------------------------
make_bundle b grep _ses.one /proc/keys
edit_config b '.linux.maskedPaths = []'
if rt run -b b one >keys 2>/dev/null && [ -s keys ]; then
    check "the session keyring may be searched by its owner" grep -q 3f1b0000 keys
else
    skip "the session keyring" "this kernel shows no /proc/keys"
fi

# --- a cgroup of the container's own ---------------------------------------------------------------
make_bundle d sh -c 'cat /proc/self/cgroup; sleep 1000'
edit_config d '.linux.namespaces += [{type: "cgroup"}] | .annotations = {"run.oci.delegate-cgroup": "payload"}'
if [ -e /sys/fs/cgroup/cgroup.procs ]; then
    check "a delegated cgroup" rt run --detach -b d one
    tree=/sys/fs/cgroup/$test_cgroup-d
    check_output "holds init" "$(rt state one | jq .pid)" head -n 1 "$tree/payload/cgroup.procs"
    check_output "nothing is in the container's own" "" cat "$tree/cgroup.procs"
    check_output "which inside is the root" "0::/" rt exec one grep ^0: /proc/self/cgroup
    check "exec too" rt exec --detach one sleep 1000
    check_output "is in it" 2 bash -c "wc -l <$tree/payload/cgroup.procs"
    check "pause and resume hold for it" bash -c "'$RUNTIME' --root '$state_root' pause one && grep -q 'frozen 1' $tree/payload/cgroup.events && '$RUNTIME' --root '$state_root' resume one"
    check "delete" rt delete --force one
    edit_config d '.process.user = {uid: 1000, gid: 1000}'
    check "for another user" rt run --detach -b d one
    check_output "it is the user's" 1000 stat -c %u "$tree/payload/cgroup.procs"
    check_output "and the limits are not" 0 stat -c %u "$tree/cgroup.procs"
    rt delete --force one
    check_not "all are gone" [ -e "$tree" ]
    edit_config d '.annotations["run.oci.delegate-cgroup"] = "../x"'
    check_fails "a name with a slash" 1 'run.oci.delegate-cgroup: "../x" must be the name of one directory' rt run -b d one
    edit_config d '.annotations["run.oci.delegate-cgroup"] = "x" | .linux.namespaces |= map(select(.type != "cgroup"))'
    check_fails "without a cgroup namespace" 1 'run.oci.delegate-cgroup: needs a namespace of type "cgroup"' rt run -b d one
else
    check_fails "a delegated cgroup on cgroup v1" 1 'run.oci.delegate-cgroup: needs cgroup v2' rt run -b d one
fi
check "features lists every annotation that counts" bash -c "'$RUNTIME' features | jq -e '.potentiallyUnsafeConfigAnnotations | contains([\"run.oci.keep_original_groups\", \"run.oci.hooks.stdout\", \"run.oci.hooks.stderr\", \"run.oci.pidfd_receiver\", \"run.oci.seccomp.receiver\", \"run.oci.seccomp_bpf_data\", \"run.oci.delegate-cgroup\", \"run.oci.systemd.subgroup\", \"run.oci.mount_context_type\"])'"
assert_nothing_left
finish
