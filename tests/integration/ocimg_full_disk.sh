#!/bin/bash
# M08: every command that writes, on disks that are full after each few kilobytes more, until one is large enough.
# It fails with a sentence that says why, every image that was there stays valid and the same, nothing of the new one is
# seen, gc works on the full disk, and after gc the layout holds what it held before.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
ocimg=$OCI_BUILD/ocimg
export OCIMG_LAYER_CACHE=$test_dir/full/cache

# --- what every disk begins with: images, and a bundle that was changed
# shellcheck source=../support/edited_images.sh
. "$here/../support/edited_images.sh"
mkdir full
{ make_edited_images 30 70000 && "$ocimg" unpack --image base/image:one base/bundle; } >/dev/null 2>&1 || exit 1
head -c 50000 /dev/urandom >base/bundle/rootfs/etc/added
rm base/bundle/rootfs/etc/file-5
cp -a base/image source

declare -A command=(
    [append]="append --progress none --image full/image:one --tag next more"
    [append_in_place]="append --progress none --image full/image:one more"
    [insert]="insert --progress none --image full/image:one --tag next files /x/y"
    [config]="config --image full/image:one --tag next --user 5:6"
    [new]="new --image full/fresh:next"
    [squash]="squash --progress none --image full/image:one --tag next"
    [split]="split --progress none --image full/image:one --tag next --size 30k"
    [rebase]="rebase --progress none --image full/image:one --tag next --old-base full/image:old-base --new-base full/image:new-base"
    [tag]="tag --image full/image:one next"
    [index]="index create full/image:next full/image:old-base"
    [attach]="attach --image full/image:one --artifact-type text/plain --tag next more/etc/big"
    [copy]="copy -q --compression none oci:source:one oci:full/image:next"
    [copy_to_new]="copy -q oci:source:one oci:full/fresh:next"
    [archive]="copy -q oci:source:one oci-archive:full/archive.tar:next"
    [docker_archive]="copy -q oci:source:one docker-archive:full/archive.tar:next"
    [unpack]="unpack --progress none --image source:one full/fresh"
    [unpack_overlay]="unpack --overlay --progress none --image source:one full/fresh"
    [replace]="unpack --force --progress none --image source:one full/bundle"
    [repack]="repack --progress none --image full/image:next full/bundle"
    [refresh]="repack --refresh-bundle --progress none --image full/image:next full/bundle"
    [report]="report --progress none --html full/page.html --image source:one"
)
tags() { jq -c '[.manifests[] | [.annotations["org.opencontainers.image.ref.name"], .digest]] | sort' "$1/index.json"; }
blobs() { find "$1/blobs" -type f -printf '%P\n' | sort; }
bundle() { (cd "$1" && sha256sum config.json ocimg.json ocimg.records && "$OCI_BUILD/tests/tree_manifest" rootfs); }
others() { ls -A full | grep -vE '^(image|bundle|cache)$'; }
tags base/image >tags.before
blobs base/image >blobs.before
bundle base/bundle >bundle.before

what_is_wrong() { # VERB: after a failure on a full disk
    grep -q 'no space left on device' said || echo "says: $(cat said)"
    [ "$(grep -c . said)" -eq 1 ] || echo "says more than one line: $(cat said)"
    tags full/image | diff tags.before - >difference || echo "tags: $(cat difference)"
    "$ocimg" validate --progress none full/image >said 2>&1 || echo "validate: $(tail -2 said)"
    bundle full/bundle | diff bundle.before - >difference || echo "bundle: $(head -3 difference)"
    "$ocimg" gc full/image >said 2>&1 || echo "gc: $(cat said)"
    blobs full/image | diff blobs.before - >difference || echo "blobs: $(cat difference)"
    find full/image -mindepth 1 -maxdepth 1 | grep -vE '/(blobs|index\.json|oci-layout)$' | sed 's/^/left: /'
    if [ -d full/fresh ] && [ "$1" = copy_to_new ]; then "$ocimg" inspect --image full/fresh:next >/dev/null 2>&1 && echo "the copy has a tag"; rm -rf full/fresh; fi
    # A layout without images is whole: `new` makes it first, and the next one puts its image there.
    if [ -d full/fresh ] && [ "$1" = new ]; then
        [ "$("$ocimg" list --json full/fresh | jq -c .)" = '[]' ] && "$ocimg" validate --progress none full/fresh >/dev/null && rm -rf full/fresh
    fi
    [ -z "$(others)" ] || echo "left: $(others)"
}
# fill VERB EXTRA [MOUNT OPTIONS]: a disk with room for EXTRA KiB more; succeeds when the command does.
fill() {
    local status
    mount -t tmpfs -o "size=$((used + $2))k,${3:-mode=755}" tmpfs full && cp -a base/. full/ || exit 1
    # shellcheck disable=SC2086 # words on purpose
    timeout 60 "$ocimg" ${command[$1]} >out 2>said </dev/null
    status=$?
    [ $status -eq 0 ] || { [ $status -eq 1 ] || echo "$1: exit code $status"; what_is_wrong "$1" | sed "s/^/$1 with $2 KiB: /"; } >>problems
    umount full/fresh/rootfs 2>/dev/null
    umount full
    return $status
}
sweep() { # VERB
    local extra failures=0 enough=no
    : >problems
    for extra in 0 4 8 16 32 64 96 128 192 256 1024 4096; do
        if fill "$1" "$extra"; then enough=yes && break; else failures=$((failures + 1)); fi
    done
    total=$((total + failures))
    if [ -s problems ]; then
        failed "M08: $1" "$(head -c 2000 problems)"
    elif [ $enough = no ] || [ $failures -eq 0 ]; then
        failed "M08: $1" "failed on $failures disks, enough: $enough; says $(cat said)"
    else
        passed "M08: $1: $failures disks too small, enough with $extra KiB; all was well afterwards"
    fi
}
mount -t tmpfs -o size=64m tmpfs full && cp -a base/. full/ && used=$(df -k --output=used full | tail -1) && umount full || exit 1
total=0
for verb in $(printf '%s\n' "${!command[@]}" | sort); do sweep "$verb"; done
check "at least 60 full disks ($total)" test "$total" -ge 60

# Disks that have room, but no more files: the other way to be full.
inodes=$(($(find base | wc -l) + 2))
no_more_files() { # VERB
    : >problems
    fill "$1" 4096 "nr_inodes=$inodes" && echo "it succeeds"
    cat problems
}
for verb in unpack copy_to_new unpack_overlay; do check_output "M08: $verb on a disk without inodes" "" no_more_files "$verb"; done

# What there is can be looked at, collected and removed with not a byte free.
full_of_nothing() { # COMMAND...
    mount -t tmpfs -o "size=$((used + 200))k" tmpfs full && cp -a base/. full/ &&
    "$ocimg" append --progress none --image full/image:one --tag gone more && "$ocimg" rmi --image full/image:gone >/dev/null || return 1
    cat /dev/zero >full/filler 2>/dev/null
    "$@"
    local status=$?
    blobs full/image | diff blobs.before - >&2 || status=1
    umount full
    return $status
}
check "M08: gc on a disk without a byte free" full_of_nothing "$ocimg" gc full/image
check "M08: list and validate there" full_of_nothing sh -c "'$ocimg' list full/image && '$ocimg' validate full/image && '$ocimg' gc full/image"
finish
