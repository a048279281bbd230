#!/bin/bash
# ocimg is killed at its system calls, whatever it does. Every image that was there stays valid and the same, gc
# takes away what the killed one left, and the same command then does what it does on an untouched layout.
# OCI_KILLS: how many kills at most, over all commands (default 120; 0: at every system call that changes something).
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
command -v strace >/dev/null || skip_all "strace is not installed"
strace -o /dev/null true 2>/dev/null || skip_all "this machine forbids tracing"
[ -n "${OCI_TEST_INSIDE-}" ] || OCI_TEST_INSIDE=1 exec unshare --mount --pid --fork --kill-child --mount-proc \
    --propagation private bash "$0" "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
kills=${OCI_KILLS-120}
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'cd /; umount "$test_dir"; rmdir "$test_dir"' EXIT
mount -t tmpfs tmpfs "$test_dir" && cd "$test_dir" || exit 1
export OCIMG_LAYER_CACHE=$test_dir/work/cache

# --- what every command starts from: base/image, and bundles of it
# shellcheck source=../support/edited_images.sh
. "$here/../support/edited_images.sh"
{
    make_edited_images 12 400000 && cp -a base/image base/damaged &&
        "$ocimg" unpack --image base/image:one base/bundle && "$ocimg" unpack --image base/image:old-base base/older
} >/dev/null || exit 1
echo changed >base/bundle/rootfs/etc/file-4
rm base/bundle/rootfs/etc/file-5
head -c 200000 /dev/urandom >base/bundle/rootfs/etc/added
layer_of() { "$ocimg" inspect --json --image "$1" | jq -r '.manifest.layers[-1].digest // .layers[-1].digest'; }
victim=$(layer_of base/damaged:new-base)
truncate -s 10 "base/damaged/blobs/sha256/${victim#sha256:}"

# --- the commands, in a directory of their own
fresh() { rm -rf work; cp -a base work; }
declare -A command=(
    [append]="append --image work/image:one --tag next more"
    [append_in_place]="append --image work/image:one files"
    [insert]="insert --image work/image:one --tag next files/hard /x/y"
    [config]="config --image work/image:one --tag next --user 5:6"
    [squash]="squash --image work/image:one --tag next"
    [rebase]="rebase --image work/image:one --tag next --old-base work/image:old-base --new-base work/image:new-base"
    [split]="split --image work/image:one --tag next --size 100k"
    [tag]="tag --image work/image:one next"
    [rmi]="rmi --image work/image:new-base"
    [gc]="gc work/image"
    [index]="index add work/image:many work/image:new-base"
    [attach]="attach --image work/image:one --artifact-type text/plain --tag next more/etc/file-2"
    [copy]="copy -q oci:work/image:one oci:work/other:one"
    [archive]="copy -q oci:work/image:one oci-archive:work/archive:one"
    [unpack]="unpack --progress none --image work/image:one work/fresh"
    [replace]="unpack --force --progress none --image work/image:one work/older"
    [repack]="repack --progress none --image work/image:next work/bundle"
    [repair]="fsck --repair work/damaged"
)
# System calls that only look at something need no kill of their own.
changing='mkdir mkdirat openat openat2 unlink unlinkat renameat renameat2 rename write pwrite64 writev flock fsync
    fdatasync syncfs rmdir ftruncate fchmod fchmodat fchown fchownat utimensat linkat symlinkat mknodat fsetxattr
    copy_file_range clone3 futex exit_group'

tidy_up() {
    local layout
    for layout in image damaged other; do [ ! -d "work/$layout" ] || "$ocimg" gc "work/$layout" >/dev/null; done
}
# What the command made: image by image, and the trees of bundles.
result() {
    local layout
    for layout in work/image work/damaged work/other; do
        [ ! -d "$layout" ] || jq -Sc '.manifests | sort_by(.annotations, .digest)' "$layout/index.json" 2>&1
        [ ! -d "$layout" ] || (cd "$layout" && find blobs -type f | sort)
    done
    for bundle in work/fresh work/older; do
        [ ! -d "$bundle" ] || "$OCI_BUILD/tests/tree_manifest" "$bundle/rootfs" | sort
    done
    [ ! -f work/archive ] || tar -tf work/archive | sort
}
left_files() {
    local layout
    for layout in work/image work/other; do
        # A layout that was only begun has no marker; the command that is given again takes it for empty.
        [ -f "$layout/oci-layout" ] && find "$layout" -mindepth 1 -maxdepth 1
    done | grep -vE '/(blobs|index\.json|oci-layout)$' | grep -v '/\.ocimg' |
        sed 's/^/left: /'
    # Files of nobody: neither blobs by name nor anything gc should have kept.
    find work/image/blobs -type f | grep -vE '/sha256/[0-9a-f]{64}$' | sed 's/^/left: /'
}
layouts_are_sound() { # prints what is wrong
    local tag
    "$ocimg" validate work/image >validated 2>&1 || echo "validate: $(tail -3 validated)"
    for tag in one old-base new-base many; do
        if [ "$tag" = new-base ] && [ "$1" = rmi ]; then continue; fi
        if [ "$tag" = many ] && [ "$1" = index ]; then continue; fi
        if [ "$tag" = one ] && [ "$1" = append_in_place ]; then continue; fi
        [ "$(digest_of work "$tag")" = "$(digest_of base "$tag")" ] || echo "tag $tag is another image"
    done
    "$ocimg" gc work/image >collected 2>&1 || echo "gc: $(cat collected)"
    "$ocimg" gc work/damaged >/dev/null 2>&1
    [ ! -f work/other/oci-layout ] || "$ocimg" gc work/other >collected 2>&1 || echo "gc of the copy: $(cat collected)"
    left_files
}
digest_of() { jq -r --arg tag "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag).digest' "$1/image/index.json"; }

# points COMMAND...: each changing call of each thread as "NAME INDEX".
points() {
    strace -f -o trace "$@" </dev/null >out 2>err
    awk -v names="$changing" 'BEGIN { split(names, list, /[ \n]+/); for (i in list) wanted[list[i]] = 1 }
        match($2, /^[a-z0-9_]+\(/) { name = substr($2, 1, RLENGTH - 1); point = name " " ++count[$1, name]
            if (name in wanted && !(point in seen)) { seen[point] = 1; print point } }' trace
}
killed_at() { # "NAME INDEX" SIGNAL COMMAND...
    local name=${1% *} index=${1#* } signal=$2
    shift 2
    (timeout -s KILL 60 strace -f -o /dev/null -e "trace=$name" -e "inject=$name:signal=$signal:when=$index" "$@" </dev/null >out 2>err || exit $?) 2>/dev/null
}
sweep() { # VERB: kills it at points spread over its run, at most `share` of them
    local verb=$1 point killed=0 signal step number=0 problems=$test_dir/problems
    # shellcheck disable=SC2086 # words on purpose
    set -- "$ocimg" ${command[$verb]}
    fresh
    points "$@" >all.points
    tidy_up
    result >expected
    step=$((share == 0 ? 1 : ($(wc -l <all.points) + share - 1) / share))
    : >"$problems"
    while read -r -u 5 point; do
        number=$((number + 1))
        [ $(((number - 1) % step)) -eq 0 ] || continue
        signal=KILL
        [ $((number / step % 4)) -ne 3 ] || signal=INT
        fresh
        killed_at "$point" "$signal" "$@" || killed=$((killed + 1))
        layouts_are_sound "$verb" >wrong
        # Whatever had not happened happens now; what had is no obstacle for commands that can be repeated.
        if ! "$@" >again 2>&1; then
            case $verb in
                append_in_place | rmi | tag) ;;
                unpack) rm -rf work/fresh; "$@" >again 2>&1 || echo "again: $(cat again)" >>wrong ;;
                index) grep -q 'has an image for' again || echo "again: $(cat again)" >>wrong ;;
                *) echo "again: $(cat again)" >>wrong ;;
            esac
        fi
        tidy_up
        left_files >>wrong
        result >found
        [ "$verb" = append_in_place ] || cmp -s expected found || diff expected found | head -5 >>wrong
        [ ! -s wrong ] || sed "s/^/$signal at $point: /" wrong >>"$problems"
        [ "$(wc -l <"$problems")" -lt 20 ] || break
    done 5<all.points
    if [ -s "$problems" ]; then
        failed "$verb" "$(head -c 2500 "$problems")"
    elif [ "$killed" -eq 0 ]; then
        failed "$verb was never killed" "$(cat err)"
    else
        passed "$verb: killed $killed times, at points of $(wc -l <all.points); all was well afterwards"
    fi
    total=$((total + killed))
}
total=0
share=$((kills / ${#command[@]}))
for verb in $(printf '%s\n' "${!command[@]}" | sort); do sweep "$verb"; done
echo "$total kills"

# --- Ctrl-C while a layout is repaired: what could not be looked at any more is not taken for damaged
fresh
# shellcheck disable=SC2086 # words on purpose
points "$ocimg" ${command[repair]} | grep -E '^(openat2|read|fstat) ' | tail -40 >repair.points
entries_lost() { # prints the points after which an image is gone that a whole repair keeps
    local point
    while read -r -u 5 point; do
        fresh
        # shellcheck disable=SC2086
        killed_at "$point" INT "$ocimg" ${command[repair]}
        for tag in one old-base; do
            jq -e --arg tag $tag 'any(.manifests[]; .annotations["org.opencontainers.image.ref.name"] == $tag)' \
                work/damaged/index.json >/dev/null || echo "INT at $point: $tag"
        done
    done 5<repair.points
}
check_output "SIGINT during fsck --repair removes no whole image" "" entries_lost

# --- Ctrl-C while an image is unpacked: the half-made bundle goes away
fresh
check_exit "SIGINT during unpack" 130 killed_at "mkdirat 3" INT "$ocimg" unpack --progress none --image work/image:one work/fresh
check "no bundle is left" test ! -e work/fresh
check_exit "SIGTERM during unpack" 143 killed_at "mkdirat 3" TERM "$ocimg" unpack --progress none --image work/image:one work/fresh
check "no bundle is left" test ! -e work/fresh
"$OCI_BUILD/tests/tree_manifest" work/older/rootfs >before
check_exit "SIGHUP during unpack --force" 129 killed_at "mkdirat 3" HUP "$ocimg" unpack --force --progress none --image work/image:one work/older
older() { "$OCI_BUILD/tests/tree_manifest" work/older/rootfs | diff before -; }
check "the old bundle is as it was" older
finish
