#!/bin/bash
# checkpoint and restore, up to CRIU: a stand-in (tests/support/fake_criu.py) records what it is asked and
# answers by script. Where a real CRIU works on this kernel, a container is really dumped and restored at the end.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "the stand-in for CRIU knows what ocirun asks only"

make_bundle b
usual_path=$PATH
mkdir fake && cp "$here/../support/fake_criu.py" fake/criu && chmod 755 fake/criu
export FAKE_CRIU_LOG=$test_dir/requests
forget() { : >"$FAKE_CRIU_LOG"; }
request() { jq -se "$1" "$FAKE_CRIU_LOG"; } # a filter over everything that the stand-in was asked

# --- what is refused before CRIU is asked ---------------------------------------------------------------
check_exit "checkpoint --help" 0 rt checkpoint --help # Podman asks so whether there is a checkpoint
check_fails "restore --lsm-mount-context alone" 1 'flag needs an argument' rt restore --lsm-mount-context
check_fails "checkpoint of no container" 1 'container does not exist' rt checkpoint nothing
check "create" rt create -b b one
PATH=$test_dir/fake:$usual_path
check_fails "a created container is refused" 1 'container cannot be checkpointed in created state' rt checkpoint one
check "start" rt start one
for option in '--manage-cgroups-mode x' '--network-lock x' '--empty-ns pid' '--page-server nowhere' '--page-server :1' \
    '--page-server a:0' '--page-server a:70000' '--status-fd x' '--status-fd 77' '--parent-path /absolute' '--parent-path missing'; do
    # shellcheck disable=SC2086 # an option and its value
    check_fails "checkpoint $option is refused" 1 "${option%% *}" rt checkpoint $option one
done
mkdir empty
# shellcheck disable=SC2016 # the sentence has a dollar sign
check_fails "without CRIU it says what is missing" 1 'checkpoint and restore need CRIU: "criu": executable file not found in $PATH' env PATH="$test_dir/empty" "$RUNTIME" --root "$state_root" checkpoint one
check_fails "restore too" 1 'need CRIU' env PATH="$test_dir/empty" "$RUNTIME" --root "$state_root" restore -b b two
export FAKE_CRIU_VERSION=2.12
check_fails "a CRIU that is too old" 1 '30000 (3.0) or newer' rt checkpoint one
export FAKE_CRIU_VERSION=3.17
check "the container still runs" status_is one running

# A descriptor on a mount of the host cannot be dumped.
make_bundle nulls sh -c 'id=$(awk "/mnt_id/ { print \$2 }" /proc/self/fdinfo/0) && grep -q "^$id " /proc/self/mountinfo && [ -c /dev/stdin ]'
check "standard input is the container's own null device" rt run -b nulls nulls
check "of exec as well" rt exec one sh -c 'id=$(awk "/mnt_id/ { print \$2 }" /proc/self/fdinfo/0) && grep -q "^$id " /proc/self/mountinfo'

# --- checkpoint -----------------------------------------------------------------------------------------
pid=$(rt state one | jq .pid)
forget
check "checkpoint --leave-running" rt checkpoint --leave-running --image-path images one
check "it is one dump of init" request ".[0].type == \"dump\" and .[0].options.pid == $pid"
check "images and log go to the directory, which is private" bash -c "[ \$(stat -c %a images) = 700 ] && jq -se '.[0].images == \"$test_dir/images\"' requests"
check "the switches are those of a plain dump" request '.[0].options | .leave_running == 1 and .notify_scripts == 1 and .manage_cgroups_mode == 6
    and .orphan_pts_master == 1 and .log_file == "dump.log" and (has("tcp_established") or has("shell_job") or has("track_mem") | not)'
check "the root is the container's" request ".[0].options.root == \"$test_dir/b/rootfs\""
check "masked files are external mounts" request 'any(.[0].options.ext_mnt[]; . == ["/proc/keys", "/dev/null"])'
check "CRIU has nothing open but its conversation and the images" request '.[0]."own descriptors" | map(select(. > 5)) == []'
check "the freezer is the container's" request '.[0].options.freeze_cgroup // "none" | test("'"$test_cgroup"'|none")'
check_output "what standard input was is on record" /dev/null jq -r '.[0]' images/descriptors.json
check "the container still runs" status_is one running

forget
check "pre-dump" rt checkpoint --pre-dump --image-path images/../pre one
check "every switch" rt checkpoint --leave-running --image-path full --work-path work --parent-path ../pre --tcp-established --tcp-close \
    --tcp-skip-in-flight --ext-unix-sk --shell-job --file-locks --link-remap --auto-dedup --empty-ns network --page-server ::1:999 \
    --manage-cgroups-mode strict --network-lock nftables one
check "the pre-dump tracks memory and writes no descriptors" bash -c "[ ! -e pre/descriptors.json ]"
check "pre-dump is a request of its own" request '.[0] | .type == "pre_dump"'
check "every switch arrives" request '[.[] | select(.type == "dump")][0].options | .tcp_established + .tcp_close + .tcp_skip_in_flight + .ext_unix_sk
    + .shell_job + .file_locks + .link_remap + .auto_dedup + .track_mem == 9 and .empty_ns == 1073741824 and .ps == [["::1", 999]]
    and .manage_cgroups_mode == 5 and .network_lock == 2 and .parent_img == "../pre"'
check "the work directory is another" request '[.[] | select(.type == "dump")][0] | .work | endswith("/work")'
check_output "a lazy dump tells when it is ready" '00' bash -c "'$RUNTIME' --root '$state_root' checkpoint --leave-running --lazy-pages --status-fd 9 --image-path lazy one 9>ready && od -An -tx1 ready | tr -d ' '"
FAKE_CRIU=featureless check_fails "memory that cannot be tracked" 1 'memory tracking (--pre-dump)' rt checkpoint --pre-dump --image-path pre one

export FAKE_CRIU=fail
check_fails "the reason comes from CRIU's log" 1 'vdso: Failed to fill self vdso symtable (see '"$test_dir"'/failed/dump.log)' rt checkpoint --image-path failed one
FAKE_CRIU=vanish check_fails "a CRIU that dies" 1 'criu ended without an answer' rt checkpoint --image-path failed2 one
FAKE_CRIU=garbage check_fails "a CRIU that talks nonsense" 1 'broken message' rt checkpoint --image-path failed3 one
unset FAKE_CRIU
check "after all that the container runs" status_is one running
check "checkpoint ends the container" rt checkpoint --image-path images one
check_fails "it is gone" 1 'does not exist' rt state one
check "nothing of it is left" wait_until 5 nothing_is_left

# --- restore --------------------------------------------------------------------------------------------
export FAKE_CRIU_RESTORES='exec sleep 1000'
forget
check "restore --detach, as containerd calls it" rt restore --detach -no-subreaper --image-path images --work-path work --bundle b --pid-file pid two
check "it runs" status_is two running
check "the pid file names its process" bash -c "grep -q sleep /proc/\$(cat pid)/cmdline"
check "the request is a restore as a sibling, with the switches of runc" request '.[0] | .type == "restore" and .options.rst_sibling == 1
    and .options.evasive_devices == 1 and .options.log_file == "restore.log" and (.work | endswith("/work"))'
check "the root is a mount that CRIU alone sees" request '.[0]."root is a mount"'
check_not "on the host it is none" grep criu-root /proc/self/mountinfo
check "masks come from the null device" request 'any(.[0].options.ext_mnt[]; . == ["/dev/null", "/dev/null"])'
if [ -n "$(ls /sys/fs/cgroup 2>/dev/null)" ]; then
    check "CRIU stands in the container's cgroup, and says so" request '.[0] | (.cgroups | map(select(test("'"$test_cgroup"'"))) | length > 0)
        and (.options.cg_root | map(select(.[-1] | test("'"$test_cgroup"'"))) | length > 0)'
fi
check_fails "the id is taken" 1 'container with given ID already exists' rt restore --detach --image-path images -b b two
check "kill and delete" rt delete --force two

FAKE_CRIU_RESTORES='echo restored; exit 3' check_exit "in the foreground the exit code is the process's" 3 rt restore --image-path images -b b two
check_fails "it is deleted afterwards" 1 'does not exist' rt state two
echo '["/dev/null", "pipe:[17]", "pipe:[18]", "pipe:[19]"]' >images/descriptors.json
forget
check "pipes take the places of pipes" rt restore --detach --image-path images -b b two
check "by their numbers" request '.[0].options.inherit_fd == [["pipe:[17]", 1], ["pipe:[18]", 2]]'
check "delete" rt delete --force two

cp b/config.json saved.json
edit_config b '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "cat >'"$test_dir"'/hook"]}]} | .linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
edit_config b '.mounts += [{destination: "/mnt/new/file", type: "bind", source: "/etc/hostname", options: ["bind"]}]'
forget
check "restore with hooks, a joined network and a bind mount" rt restore --detach --image-path images -b b two
check "hooks of the host run with the pid" jq -e '.id == "two" and .status == "creating" and .pid > 0' hook
check "the network comes by descriptor" request '.[0].options.inherit_fd | map(select(.[0] == "extRootNetNS" and .[1] == 4)) | length == 1'
check "the bind mount is external" request 'any(.[0].options.ext_mnt[]; . == ["/mnt/new/file", "/etc/hostname"])'
check "its mount point was made" test -f b/rootfs/mnt/new/file
forget
check "checkpoint of it" rt checkpoint --leave-running --image-path images2 two
check "the network is external by its number" request ".[0].options.external == [\"net[$(stat -Lc %i /proc/self/ns/net)]:extRootNetNS\"]"
check "the bind mount has its own name" request 'any(.[0].options.ext_mnt[]; . == ["/mnt/new/file", "/mnt/new/file"])'
check "delete" rt delete --force two
cp saved.json b/config.json

edit_config b '.process.terminal = true'
cat >receive.py <<'P'
import array, os, socket, subprocess, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind("console")
listening.listen(1)
code = subprocess.call(sys.argv[1:])
if code: sys.exit(code)
got = listening.accept()[0].recvmsg(4096, socket.CMSG_SPACE(4))
sys.exit(0 if os.isatty(array.array("i", got[1][0][2])[0]) else 9)
P
FAKE_CRIU=terminal check "a terminal comes by the console socket" python3 receive.py "$RUNTIME" --root "$state_root" restore --detach --console-socket console --image-path images -b b two
check "delete" rt delete --force two
FAKE_CRIU=terminal FAKE_CRIU_RESTORES='tty >/dev/null && echo on a terminal' check_output "or to who restores in the foreground" 'on a terminal' rt restore --image-path images -b b two
cp saved.json b/config.json

# --- restores that fail leave nothing (and images are not trusted) --------------------------------------
check_fails "no images" 1 '--image-path' rt restore --detach --image-path nowhere -b b two
for content in '{"a": 1}' 'not json' '[1, 2]' '"pipe:[1]"'; do
    echo "$content" >images/descriptors.json
    check_fails "R38: descriptors.json that holds $content" 1 'descriptors.json' rt restore --detach --image-path images -b b two
done
echo '["pipe:[1]/../x", "pipe:[a]", "/etc/shadow"]' >images/descriptors.json
forget
check "R38: other links are passed over" rt restore --detach --image-path images -b b two
check "R38: none is handed on" request '.[0].options | has("inherit_fd") | not'
check "delete" rt delete --force two
rm images/descriptors.json && ln -s /etc/passwd images/descriptors.json
check_not "R38: a link is no file of the images" rt restore --detach --image-path images -b b two
rm images/descriptors.json && mkfifo images/descriptors.json
check_fails "R38: nor is a fifo" 1 'descriptors.json' rt restore --detach --image-path images -b b two
rm images/descriptors.json
echo '{"hooks": {"poststart": [{"path": "/bin/false"}]}}' >images/config.json
FAKE_CRIU_RESTORES=true check_exit "R38: a config.json in the images is not read" 0 rt restore --image-path images -b b two
for behaviour in fail vanish garbage; do
    FAKE_CRIU=$behaviour check_fails "a CRIU that answers with $behaviour" 1 'ocirun restore failed: criu' rt restore --detach --image-path images -b b two
    assert_nothing_left "nothing is left of it"
done
edit_config b '.hooks = {createRuntime: [{path: "/bin/false"}]}'
check_fails "a hook that fails ends the restore" 1 'hook' rt restore --detach --image-path images -b b two
check "CRIU was told" bash -c "tail -n 1 requests | jq -e '.\"reply to\" == \"setup-namespaces\" and .success == 0'"
cp saved.json b/config.json
assert_nothing_left

# --- the real one ---------------------------------------------------------------------------------------
PATH=$usual_path
if ! command -v criu >/dev/null; then
    skip "a real dump" "criu is not installed"
elif ! criu check >criu.said 2>&1; then
    skip "a real dump" "criu check: $(grep -m1 Error criu.said)"
else
    make_bundle c sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/count; sleep 0.1; done'
    # Its streams on files of this test could not be dumped: they are outside of the container.
    counting() { rt run --detach -b c three >/dev/null 2>&1; }
    check "a container that counts" counting
    sleep 1
    check "real: checkpoint" rt checkpoint --image-path real three
    before=$(cat c/rootfs/count)
    sleep 0.5
    check_output "real: it stands still" "$before" cat c/rootfs/count
    back() { rt restore --detach --image-path real -b c three 2>&1 >/dev/null | cat; status_is three running; }
    check "real: restore" back
    check "real: it counts on from where it was" wait_until 10 sh -c "[ \$(cat c/rootfs/count) -gt $((before + 2)) ]"
    check "real: exec sees it" rt exec three true
    check "real: delete" rt delete --force three
    assert_nothing_left
fi
finish
