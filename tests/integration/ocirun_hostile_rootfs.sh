#!/bin/bash
# Root filesystems made by an attacker: links where the runtime mounts, creates and writes. Whatever the
# runtime answers, nothing outside of the root filesystem may be touched. The cases follow published
# weaknesses of container runtimes; the CVE stands at each.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle clean
cp clean/config.json base.json
outside=$test_dir/outside
fresh_outside() {
    rm -rf --one-file-system "$outside"
    mkdir -p "$outside/dir/sub" && echo canary >"$outside/file" && echo canary >"$outside/dir/file" && chmod 700 "$outside/dir"
}

fresh_rootfs() { # the damage of one case must not reach the next
    rm -rf --one-file-system b && mkdir b && cp -a clean/rootfs b/rootfs
}
configure() {
    local filter=$1
    shift
    jq --arg outside "$outside" "$filter | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json
}
fingerprint() { (cd "$outside" && find . -printf '%p %y %m %U:%G %T@ %s\n' | sort && cat file dir/file); }
fresh_outside
fingerprint >before
unharmed() { # NAME: nothing outside changed and nothing is left
    fingerprint >after
    if ! cmp -s before after; then
        failed "$1: the host is unharmed" "$(diff before after)"
        fresh_outside
        fingerprint >before
    elif ! wait_until 5 nothing_is_left; then
        failed "$1: nothing is left" "$(what_is_left)"
        rt delete --force one 2>/dev/null
    else
        passed "$1: the host is unharmed"
    fi
}
# hostile NAME LINK TARGET FILTER ARGS...: LINK in the rootfs points to TARGET; the run may fail or stay inside.
hostile() {
    local name=$1 link=$2 target=$3 filter=$4
    shift 4
    fresh_rootfs
    rm -rf "b/rootfs/$link" && mkdir -p "$(dirname "b/rootfs/$link")" && ln -s "$target" "b/rootfs/$link"
    configure "$filter" "$@"
    run_captured timeout -s KILL 20 "$RUNTIME" --root "$state_root" run -b b one
    if [ "$test_status" -eq 137 ]; then failed "$name: it ends" "the runtime hangs"; fi
    unharmed "$name"
}
refused() { # the run of the last `hostile` did not succeed
    if [ "$test_status" -ne 0 ]; then passed "$1 is refused"; else failed "$1 is refused" "stdout: $(cat "$test_out")"; fi
}

# --- /proc and /sys on something that is no ordinary directory (CVE-2019-19921, CVE-2023-27561) -----
mkdir -p clean/rootfs/evil
for target in /evil evil ../../../../evil "$outside/dir" /proc /nowhere proc/self; do
    hostile "R06: /proc -> $target" proc "$target" . cat /proc/self/status
    refused "R06: /proc -> $target"
    cp "$test_err" words
    ! is_ocirun || check_match "R06: in runc's words" 'must be mounted on ordinary directory' cat words
done
for target in /evil "$outside/dir" /sys; do
    hostile "R06: /sys -> $target" sys "$target" . true
    refused "R06: /sys -> $target"
done
hostile "R06: /proc in a linked parent" deep /evil '.mounts += [{destination: "/deep/proc", type: "proc", source: "proc"}]' true

# --- mount points through links (CVE-2021-30465, CVE-2024-45310) -----------------------------------
bind='.mounts += [{destination: "DEST", type: "bind", source: "/usr", options: ["bind"]}]'
for target in "$outside/dir" "../../../../../../../..$outside/dir" "/proc/self/root$outside/dir" /evil; do
    hostile "R07: bind onto a link to $target" trap "$target" "${bind/DEST//trap}" true
    hostile "R07: bind below a link to $target" trap "$target" "${bind/DEST//trap/new/dir}" true
    hostile "R07: tmpfs below a link to $target" trap "$target" \
        '.mounts += [{destination: "/trap/sub", type: "tmpfs", source: "tmpfs"}]' touch /trap/sub/x
done
hostile "R07: bind of a file onto a dangling link" trap "$outside/new" \
    '.mounts += [{destination: "/trap", type: "bind", source: "/etc/hostname", options: ["bind"]}]' true
hostile "R07: a destination with .." ordinary . '.mounts += [{destination: "/../../../../../../outside/dir", type: "tmpfs", source: "t"}]' true
hostile "R07: a loop of links" loop loop "${bind/DEST//loop/x}" true
hostile "R07: tmpcopyup through a link" trap "$outside/dir" \
    '.mounts += [{destination: "/trap", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]' true

# --- /dev (CVE-2026-41579) -------------------------------------------------------------------------
# runc 1.1.5 writes links into the directory outside here: the cases are known to bite.
no_dev='.mounts |= map(select(.destination | startswith("/dev") | not))'
dev_targets=/evil
! is_ocirun || dev_targets="$outside/dir ../../../..$outside/dir /evil"
for target in $dev_targets; do
    hostile "R12: /dev -> $target" dev "$target" . true
    hostile "R12: /dev -> $target without a mount on it" dev "$target" "$no_dev" true
done
for entry in pts shm ptmx null fd stdin console; do
    hostile "R12: /dev/$entry -> outside" "dev/$entry" "$outside/file" "$no_dev" true
done
hostile "R12: a device below a linked directory" dev/sub "$outside/dir" \
    "$no_dev | .linux.devices = [{path: \"/dev/sub/mine\", type: \"c\", major: 1, minor: 3, fileMode: 511, uid: 5}]" true

# --- masked and readonly paths (CVE-2025-31133) ----------------------------------------------------
hostile "R09: /dev/null -> a file outside, with masked paths" dev/null "$outside/file" \
    "$no_dev | .linux.maskedPaths = [\"/etc/passwd\"]" sh -c 'echo x >/etc/passwd; true'
masked_by_volume() {
    fresh_rootfs
    mkdir b/volume && ln -s /proc/sysrq-trigger b/volume/null
    configure '.mounts |= map(select(.destination != "/dev")) | .mounts += [{destination: "/dev", type: "bind",
        source: "volume", options: ["bind"]}] | .linux.maskedPaths = ["/etc/passwd"]' stat -c %t:%T /etc/passwd
    run_captured rt run -b b one
    [ "$test_status" -ne 0 ] || grep -qx 1:3 "$test_out"
}
check "R09: a masked file shows the real null device, or the start fails" masked_by_volume
unharmed "R09: /dev from a volume"
hostile "R09: a masked path through a link" trap "$outside/file" '.linux.maskedPaths += ["/trap"]' true
hostile "R09: a readonly path through a link" trap "$outside/dir" '.linux.readonlyPaths += ["/trap"]' true

# --- cwd (CVE-2024-21626) --------------------------------------------------------------------------
escaped='pwd -P; ls -d outside "$PWD"/outside ../../outside 2>/dev/null; ls | grep -x outside'
for fd in 3 4 5 6 7 8 9 10 12 16 20 30; do
    fresh_rootfs
    configure ".process.cwd = \"/proc/self/fd/$fd\"" sh -c "$escaped"
    # The caller leaks directories of the host, as a careless engine would.
    run_captured timeout -s KILL 20 "$RUNTIME" --root "$state_root" run -b b one 3<"$test_dir" 4<"$test_dir" 9<"$test_dir" 20<"$test_dir"
    if grep -q outside "$test_out"; then failed "R14: cwd /proc/self/fd/$fd" "$(cat "$test_out")"; else passed "R14: cwd /proc/self/fd/$fd stays inside"; fi
done
unharmed "R14: cwd in /proc/self/fd"
fresh_rootfs
ln -s /proc/self/fd/9 b/rootfs/link
configure '.process.cwd = "/link"' sh -c "$escaped"
run_captured timeout -s KILL 20 "$RUNTIME" --root "$state_root" run -b b one 9<"$test_dir"
check "cwd through a link of the rootfs" bash -c "! grep -q outside '$test_out'"
fresh_rootfs
configure . sleep 1000
check "R14: a container for exec" rt run -d -b b one
for fd in 3 5 7 8 9; do
    run_captured timeout -s KILL 20 "$RUNTIME" --root "$state_root" exec --cwd "/proc/self/fd/$fd" one sh -c "$escaped" 3<"$test_dir" 9<"$test_dir"
    if grep -q outside "$test_out"; then failed "R14: exec --cwd /proc/self/fd/$fd" "$(cat "$test_out")"; else passed "R14: exec --cwd /proc/self/fd/$fd stays inside"; fi
done
check "delete" rt delete --force one

# --- files that the runtime reads in the rootfs ----------------------------------------------------
hostile "R15: /etc/passwd -> a fifo outside" etc/passwd "$outside/file" . true
fresh_rootfs
rm b/rootfs/etc/passwd && mkfifo b/rootfs/etc/passwd
configure '.process.user.uid = 1000' true
run_captured timeout -s KILL 20 "$RUNTIME" --root "$state_root" run -b b one
if is_ocirun; then check "R15: a fifo in the place of /etc/passwd does not hang the runtime" test "$test_status" -ne 137; fi
rt delete --force one 2>/dev/null
unharmed "R15: a fifo as /etc/passwd"
assert_nothing_left
finish
