#!/bin/bash
# What cannot be done on an older kernel is said in one clear sentence; what can is done another way. The
# central tests run whole without each call as integration.without_CALL.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

without() { # CALLS ARGUMENTS OF THE RUNTIME...
    local calls=$1
    shift
    timeout --foreground -s KILL 60 "$OCI_BUILD/tests/without_calls" "$calls" "$RUNTIME" --root "$state_root" "$@"
}
make_bundle b
cp b/config.json base.json
new_mounts=open_tree,move_mount,fsopen,fsconfig,fsmount,mount_setattr
mkdir shared && mount -t tmpfs tmpfs shared
touch shared/file
mkdir shared/below # a mount below, for the recursive words
mount -t tmpfs tmpfs shared/below
on_mnt() { # OPTIONS MORE ARGS...
    local options=$1 more=$2
    shift 2
    jq --arg dir "$test_dir/shared" --argjson options "$options" \
        ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \$dir, options: \$options} + $more] | .process.args = \$ARGS.positional" \
        <base.json --args -- "$@" >b/config.json
}
as_before=5.1-kernel
mapped='{uidMappings: [{containerID: 0, hostID: 1000, size: 9}], gidMappings: [{containerID: 0, hostID: 1000, size: 9}]}'

# --- every call of Linux 5.2 to 5.12 at once -------------------------------------------------------
everything=openat2,$new_mounts,clone3,close_range,pidfd_open,pidfd_send_signal
on_mnt '["rbind", "ro"]' '{}' sh -c 'touch /mnt/x 2>&1; touch /mnt/below/y && echo below'
check_output "$as_before: a read-only bind leaves what lies below alone" "touch: /mnt/x: Read-only file system
below" without "$everything" run -b b one
on_mnt '["rbind", "rro"]' '{}' sh -c 'touch /mnt/below/z 2>&1; grep -c " /mnt.* ro," /proc/self/mountinfo'
check_output "$as_before: recursively read-only reaches it" "touch: /mnt/below/z: Read-only file system
2" without "$everything" run -b b one
on_mnt '["bind", "noexec", "nosuid", "nodev", "noatime"]' '{}' grep ' /mnt ' /proc/self/mountinfo
check_match "$as_before: flags of a bind" 'nosuid,nodev,noexec,noatime' without "$everything" run -b b one
on_mnt '["rbind", "rslave"]' '{}' grep ' /mnt ' /proc/self/mountinfo
check "$as_before: propagation" without "$everything" run -b b one
on_mnt '["rbind"]' '{}' sleep 100
check "$as_before: create" without "$everything" create -b b one
check "$as_before: start" without "$everything" start one
check_output "$as_before: exec runs in the container" "box" without "$everything" exec one hostname
check "$as_before: kill" without "$everything" kill one KILL
is_stopped() { status_is one stopped; }
check "$as_before: the kill arrives" wait_until 10 is_stopped
check "$as_before: delete" without "$everything" delete --force one

# --- what needs a call -----------------------------------------------------------------------------
on_mnt '["rbind"]' "$mapped" true
check_fails "an id-mapped mount without open_tree" 1 "an id-mapped mount needs open_tree(2)" without open_tree run -b b one
check_fails "an id-mapped mount without mount_setattr" 1 "an id-mapped mount needs mount_setattr(2)" without mount_setattr run -b b one
check_fails "an id-mapped mount without move_mount" 1 "needs move_mount(2), which Linux has since 5.2" without move_mount run -b b one
on_mnt '["rbind"]' '{}' sleep 100
check "a container to change" rt run --detach -b b one
echo '[{"destination": "/added", "type": "tmpfs", "source": "tmpfs"}]' >added.json
check_fails "hot-plugged mounts without fsopen" 1 "need the mount calls of Linux 5.2" without fsopen mounts add one added.json
echo "[{\"destination\": \"/added\", \"type\": \"bind\", \"options\": [\"bind\"], \"source\": \"$test_dir/shared\"}]" >added.json
check_fails "hot-plugged binds without move_mount" 1 "needs move_mount(2)" without move_mount mounts add one added.json
check_fails "hot-plugged binds without open_tree" 1 "mounts of a running container need the mount calls of Linux 5.2" without open_tree mounts add one added.json
check_not "nothing of them is there" rt exec one test -e /added/file
check_fails "events without pidfds" 1 "events needs pidfds, which this kernel lacks" without pidfd_open events one
check "the container is deleted" rt delete --force one
umount -R shared
assert_nothing_left
finish
