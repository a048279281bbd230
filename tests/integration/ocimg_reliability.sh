#!/bin/bash
# Full disks, kills, signals and damage: what was there stays valid, and nothing is left that gc or the next run
# does not take away. Named after what they are about: M08 disk full, M09 kill, M13 kill of repack, M14 damage,
# M16 signals.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
command -v jq >/dev/null || skip_all "jq is not installed"
[ -n "${OCI_TEST_INSIDE-}" ] || OCI_TEST_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'umount "$test_dir"/*/rootfs "$test_dir/full" 2>/dev/null; rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
export OCIMG_LAYER_CACHE=$test_dir/cache

mkdir -p files/etc
for i in $(seq 1 200); do head -c 4000 /dev/urandom >"files/etc/file-$i"; done
ln files/etc/file-1 files/hard
"$ocimg" new --image image:one && "$ocimg" append --image image:one files && "$ocimg" append --image image:one files/etc || exit 1
"$ocimg" unpack --progress none --image image:one bundle || exit 1
head -c 300000 /dev/urandom >bundle/rootfs/new
"$ocimg" gc image >/dev/null
blobs() { find "$1/blobs" -type f | wc -l; }

# --- M08: every size of disk that is too small, and one that is not
full_disks() { # prints what went wrong; the last size must be enough
    local size status=1
    mkdir -p full
    for size in 128 256 512 900 1400 2000 6000; do
        mount -t tmpfs -o "size=${size}k" tmpfs full || return 1
        "$ocimg" unpack --progress none --image image:one full/bundle 2>error
        status=$?
        if [ $status -ne 0 ]; then
            [ -e full/bundle ] && echo "$size KiB: a part of the bundle is left"
            grep -q "no space left on device" error || echo "$size KiB: $(cat error)"
        fi
        umount full
    done
    [ $status -eq 0 ] || echo "even 6 MB are not enough"
}
check_output "M08: unpack onto a full disk leaves nothing" "" full_disks
full_repack() {
    local size status=1 before
    mkdir -p full
    for size in 1000 1100 1200 1250 4000; do
        mount -t tmpfs -o "size=${size}k" tmpfs full || return 1
        cp -a image full/ 2>/dev/null || { umount full; continue; }
        before=$(blobs full/image)
        "$ocimg" repack --progress none --image full/image:new bundle 2>error
        status=$?
        if [ $status -ne 0 ]; then
            "$ocimg" validate full/image >/dev/null || echo "$size KiB: the layout is damaged"
            "$ocimg" gc full/image >/dev/null || echo "$size KiB: gc fails"
            [ "$(blobs full/image)" = "$before" ] || echo "$size KiB: something is left"
            "$ocimg" inspect --image full/image:new >/dev/null 2>&1 && echo "$size KiB: there is a tag"
        fi
        umount full
    done
    [ $status -eq 0 ] || echo "even 4 MB are not enough"
}
check_output "M08: repack into a full layout keeps the old image" "" full_repack

# --- M09, M13: killed after longer and longer times
kill_sweep() { # STEP COUNT COMMAND...: kills it after STEP, 2 STEP, ... milliseconds
    local step=$1 count=$2 i pid
    shift 2
    for i in $(seq 1 "$count"); do
        "$@" >/dev/null 2>&1 &
        pid=$!
        perl -e 'select undef, undef, undef, shift' "$(echo "$i * $step / 1000" | bc -l)"
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    return 0
}
kill_sweep 2 25 "$ocimg" unpack --force --progress none --image image:one killed
touch killed/.ocimg.json.123 killed/.config.json.456 # of a kill at the right moment
check "M09: after 25 kills of unpack the next one succeeds" "$ocimg" unpack --force --progress none --image image:one killed
check "M09: and the bundle is whole" diff -r files/etc killed/rootfs/etc
check_output "M09: nothing else is in it" "config.json ocimg.json ocimg.records rootfs" sh -c 'echo $(ls -A killed)'
kill_overlay() {
    umount shared/rootfs 2>/dev/null
    rm -rf --one-file-system shared
    exec "$ocimg" unpack --overlay --progress none --image image:one shared # what is killed is the program
}
for i in 1 2 3 4 5 6 7 8; do kill_sweep "$((i * 3))" 1 kill_overlay; done
umount shared/rootfs 2>/dev/null
rm -rf --one-file-system shared
check "M09: after kills of unpack --overlay the next one succeeds" "$ocimg" unpack --overlay --progress none --image image:one shared
check "M09: with whole layers" diff -r files/etc shared/rootfs/etc
"$ocimg" umount --remove shared
kill_sweep 2 25 "$ocimg" repack --progress none --image image:killed bundle
check "M13: after 25 kills of repack the layout is valid" "$ocimg" validate image
check "M13: repack succeeds" "$ocimg" repack --progress none --image image:killed bundle
kill_sweep 1 15 "$ocimg" gc image
check "M09: after kills of gc the layout is valid" "$ocimg" validate image
"$ocimg" gc image >/dev/null
check "M09: fsck finds nothing" "$ocimg" fsck image

# --- M14: any byte of any blob
damage() { # prints the blobs and places whose damage goes unnoticed, or leaves a bundle
    local blob size place
    cp -a image damaged
    for blob in image/blobs/sha256/*; do
        size=$(stat -c %s "$blob")
        for place in 0 3 9 $((size / 3)) $((size / 2)) $((size - 9)) $((size - 1)); do
            [ "$place" -ge 0 ] && [ "$place" -lt "$size" ] || continue
            cp "$blob" "damaged/blobs/sha256/"
            byte=$(od -An -tu1 -j "$place" -N1 "$blob")
            printf "\\$(printf %o $((byte ^ 1)))" | dd of="damaged/blobs/sha256/$(basename "$blob")" bs=1 seek="$place" conv=notrunc status=none
            "$ocimg" unpack --progress none --image damaged:killed gone >/dev/null 2>&1 && echo "$blob $place unnoticed"
            [ -e gone ] && echo "$blob $place: a bundle is left" && rm -r gone
        done
        cp "$blob" "damaged/blobs/sha256/"
    done
}
"$ocimg" rmi --image image:one >/dev/null
"$ocimg" gc image >/dev/null
check_output "M14: a damaged byte is noticed wherever it is, and nothing is left" "" damage

# --- M16: a signal ends it as shells expect, and a bundle that is half done is no obstacle
signalled() { # SIGNAL: prints the exit status of an unpack that is ended by it
    mkfifo "slow-$1"
    (trap - INT; exec "$ocimg" append --image "image:killed" --tag slow - <"slow-$1") 2>/dev/null &
    local pid=$!
    exec 7>"slow-$1"
    perl -e 'select undef, undef, undef, 0.2'
    kill "-$1" "$pid"
    wait "$pid"
    echo $?
    exec 7>&-
}
check_output "M16: SIGTERM" 143 signalled TERM
check "M16: the layout is valid and unlocked afterwards" "$ocimg" validate image
before=$(blobs image)
check "M16: gc" "$ocimg" gc image
check_output "M16: nothing was left" "$before" blobs image
full_pipe() { "$ocimg" list --json image >/dev/full; }
check_not "M16: output that nobody can take is an error" full_pipe
finish
