#!/bin/bash
# Containers of an ordinary user: one mapped id, many by newuidmap, inside an existing user namespace, and
# what a user without a cgroup may and may not ask for.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "what is tested here is ocirun's own reading of 'rootless'"

# The user has an entry in passwd and 65536 ids of his own, both in this mount namespace only.
cp /etc/passwd /etc/subuid . 2>/dev/null || cp /etc/passwd .
echo 'octest:x:12345:12345::/:/bin/sh' >>passwd
echo 'octest:300000:65536' >subuid
cp subuid subgid
for file in passwd subuid subgid; do
    [ -e "/etc/$file" ] || : >"/etc/$file"
    mount --bind "$file" "/etc/$file"
done
mkdir -m 0700 xdg
chown 12345:12345 xdg
as_user() { setpriv --reuid=12345 --regid=12345 --clear-groups env XDG_RUNTIME_DIR="$test_dir/xdg" "$@"; }
# A copy that the user can read, wherever the build stands.
cp "$RUNTIME" ocirun
user_rt() { as_user timeout --foreground -s KILL 60 "$test_dir/ocirun" "$@"; }

make_bundle b
rm b/config.json
chown -R 12345:12345 b
check "spec --rootless" user_rt spec --rootless --bundle b
cp b/config.json spec.json
configure() { # FILTER ARGS...
    local filter=$1
    shift
    jq ".process.terminal = false | .process.args = \$ARGS.positional | $filter" <spec.json --args -- "$@" >b/config.json
}
run_with() { configure "$@" && user_rt run -b b one; }

check_output "the written configuration runs, as root inside" "0 0" run_with . sh -c 'echo $(id -u) $(id -g)'
check_output "that is the user outside" "0 12345 1" run_with . sh -c 'echo $(cat /proc/self/uid_map)'
check_output "R41: setgroups is denied for a lone id" deny run_with . cat /proc/self/setgroups
check_output "process 1 of its own" 1 run_with . sh -c 'echo $$'
check_output "the devices work" x run_with . sh -c 'echo x >/dev/null && head -c 1 /dev/zero | tr "\0" x'
check_output "the host's files stay the user's" 12345 sh -c "stat -c %u b/rootfs/bin/busybox"
check_fails "writing to the cgroups of the host" any "" run_with 'del(.linux.namespaces[] | select(.type == "cgroup"))' \
    sh -c 'mkdir /sys/fs/cgroup/x 2>/dev/null || mkdir /sys/fs/cgroup/*/x'
check_output "R18: without a cgroup namespace every cgroup mount is read-only" "" \
    run_with 'del(.linux.namespaces[] | select(.type == "cgroup"))' \
    sh -c 'awk "\$5 ~ \"^/sys/fs/cgroup\" && \$6 !~ /^ro/" /proc/self/mountinfo'

check_output "the state is below XDG_RUNTIME_DIR" "" ls xdg/ocirun
configure . sleep 1000
check "run detached" user_rt run --detach -b b two
check_output "its state" running sh -c "setpriv --reuid=12345 --regid=12345 --clear-groups env XDG_RUNTIME_DIR=$test_dir/xdg $test_dir/ocirun state two | jq -r .status"
check "it is recorded there" test -d xdg/ocirun/two
check_output "exec as root of the container" "0 0" user_rt exec two sh -c 'echo $(id -u) $(id -g)'
check "kill" user_rt kill two KILL
check "delete" user_rt delete --force two

# --- limits without a cgroup -----------------------------------------------------------------------
check_fails "a limit that cannot be set is an error" 1 "cgroup" run_with '.linux.resources = {pids: {limit: 10}}' true
check_fails "a cgroup that cannot be made is an error" 1 "cgroup" run_with '.linux.cgroupsPath = "/oci-test-rootless/x"' true
check_output "oomScoreAdj above one's own is set" 300 run_with '.process.oomScoreAdj = 300' cat /proc/self/oom_score_adj
check "oomScoreAdj below one's own is not held against a user" run_with '.process.oomScoreAdj = -500' true
check_fails "an id that is not mapped" 1 "is not mapped" run_with '.process.user.uid = 7' true
check_fails "somebody else's id" 1 "linux.uidMappings" run_with '.linux.uidMappings[0].hostID = 0' true

# --- many ids by newuidmap -------------------------------------------------------------------------
many='.linux.uidMappings = [{containerID: 0, hostID: 12345, size: 1}, {containerID: 1, hostID: 300000, size: 65535}]
    | .linux.gidMappings = .linux.uidMappings'
if command -v newuidmap >/dev/null; then
    check_output "another id of the container" "5 6" run_with "$many | .process.user = {uid: 5, gid: 6}" sh -c 'echo $(id -u) $(id -g)'
    check_output "with additional groups" "6 7 8" run_with "$many | .process.user = {uid: 5, gid: 6, additionalGids: [7, 8]}" sh -c 'id -G'
    check_fails "ids that are not one's own" 1 "newuidmap" run_with '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 100}] | .linux.gidMappings = [{containerID: 0, hostID: 12345, size: 1}]' true
    check_fails "without the helper" 1 "which is not in PATH" env PATH=/nowhere "$(command -v setpriv)" --reuid=12345 --regid=12345 --clear-groups "$test_dir/ocirun" --root "$test_dir/xdg/r" run -b b one
else
    skip "many ids" "newuidmap is not installed"
fi

# --- what sets up the network between create and start --------------------------------------------
waiting_namespaces() { # what the user finds of a container that waits
    user_rt create --pid-file "$test_dir/xdg/pid" -b b waiting >/dev/null 2>&1 </dev/null || return 1
    as_user sh -c 'readlink "/proc/$1/ns/net" "/proc/$1/ns/user" && nsenter --preserve-credentials -t "$1" -U -n ls /sys >/dev/null && echo entered' - "$(cat xdg/pid)"
    user_rt delete --force waiting
}
net='.linux.namespaces |= (map(select(.type != "network")) + [{type: "network"}])'
configure "$net" true
check_match "a user opens the namespaces of a container that waits" entered waiting_namespaces
if command -v newuidmap >/dev/null; then
    configure "$net | $many | .process.user = {uid: 5, gid: 6}" true
    check_match "of one with another user, too" entered waiting_namespaces
fi

# --- in an existing user namespace -----------------------------------------------------------------
inside() { # root of a user namespace with the user's one id; no user namespace in the configuration
    as_user unshare --user --map-root-user --mount -- "$test_dir/ocirun" --root "$test_dir/xdg/inside" run -b b nested
}
configure 'del(.linux.uidMappings, .linux.gidMappings) | del(.linux.namespaces[] | select(.type == "user"))' sh -c 'echo $(id -u) $(cat /proc/self/uid_map)'
check_output "without a user namespace of its own" "0 0 12345 1" inside
inside_by_default() { # as Podman starts it: no --root
    as_user env -u USER unshare --user --map-root-user --mount -- "$test_dir/ocirun" run -b b nested
}
check_output "its state is below XDG_RUNTIME_DIR without --root" "0 0 12345 1" inside_by_default
exec_inside() { # as Podman does it: detached, then a process joins, from the user namespace it was made in
    as_user env -u USER unshare --user --map-root-user --mount -- sh -c "'$test_dir/ocirun' run --detach -b b nested >/dev/null && '$test_dir/ocirun' exec nested sh -c 'echo \$(id -u) \$\$' &&
        '$test_dir/ocirun' delete --force nested"
}
configure 'del(.linux.uidMappings, .linux.gidMappings) | del(.linux.namespaces[] | select(.type == "user"))' sleep 1000
check_match "exec in the user namespace that both are in" '^0 [1-9]' exec_inside
check_fails "USER=root is root of a container: the state is in /run" 1 "/run/ocirun" as_user unshare --user --map-root-user --mount -- \
    env USER=root "$test_dir/ocirun" run -b b nested
configure '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0' sh -c 'echo $(id -u) $(cat /proc/self/uid_map)'
check_output "with one inside the other" "0 0 0 1" inside

for file in passwd subuid subgid; do umount "/etc/$file"; done
assert_nothing_left
finish
