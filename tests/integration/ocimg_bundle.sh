#!/bin/bash
# Bundles that share layers (unpack --overlay), and images made of changed bundles (repack), as umoci reads them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
command -v jq >/dev/null || skip_all "jq is not installed"
# Mounts stay inside: a namespace of its own.
[ -n "${OCI_TEST_INSIDE-}" ] || OCI_TEST_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/var/tmp}/oci-test.XXXXXX")
trap 'umount "$test_dir"/*/rootfs 2>/dev/null; rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
export OCIMG_LAYER_CACHE="$test_dir/cache"

describe_tree() {
    (cd "$1" && find . -mindepth 1 \( -type d -printf '%P|%y|%m|%U:%G|%T@\n' -o -printf '%P|%y|%m|%U:%G|%T@|%l\n' \) | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum)
}
same_trees() { diff <(describe_tree "$1") <(describe_tree "$2"); }
layer_names() { # TAG: the entries of the top layer
    "$ocimg" inspect --image "image:$1" --json | jq -r '.manifest.layers[-1].digest' | cut -d: -f2 |
        while read -r digest; do tar tf "image/blobs/sha256/$digest" | tr '\n' ' '; done
}
manifest_of() { "$ocimg" inspect --json --image "image:$1" | jq -c .manifest; }
layers() { "$ocimg" inspect --image "image:$1" --json | jq '.manifest.layers | length'; }

mkdir -p files/bin files/etc/deep files/data upper/etc
printf '#!/bin/sh\n' >files/bin/tool
chmod 4755 files/bin/tool
ln files/bin/tool files/bin/hard
ln -s tool files/bin/link
for name in one two three; do echo "$name" >files/etc/$name; done
echo deep >files/etc/deep/file
chown 12:34 files/etc/deep
find files -exec touch -h -d '2020-01-02 03:04:05' {} +
: >upper/etc/.wh.two
echo second >upper/etc/second
tar --numeric-owner -C upper -cf upper.tar etc/.wh.two etc/second
"$ocimg" new --image image:base --platform linux/amd64 && "$ocimg" append --image image:base files &&
    "$ocimg" append --image image:base upper.tar &&
    "$ocimg" config --image image:base --cmd /bin/tool --volume /data || exit 1

# --- unpack --overlay
check "unpack a tree" "$ocimg" unpack --image image:base tree
check "unpack an overlay" "$ocimg" unpack --overlay --image image:base overlay
check "both are the same" same_trees tree/rootfs overlay/rootfs
check "the configuration is the same" diff tree/config.json overlay/config.json
check "another bundle of the same layers" "$ocimg" unpack --overlay --image image:base second
check_output "both layers are there once" 2 sh -c 'ls cache/trusted/layers | wc -l'
echo changed >overlay/rootfs/etc/one
check_output "a change in one bundle" changed cat overlay/rootfs/etc/one
check_output "is none in the other" one cat second/rootfs/etc/one
check_output "and none in the cache" one sh -c 'cat cache/trusted/layers/*/fs/etc/one'
check_fails "a mounted root is not replaced" 1 "its rootfs is mounted" "$ocimg" unpack --force --image image:base overlay
check "unmount" "$ocimg" umount overlay
check_output "the root is empty then" "" ls overlay/rootfs
check_fails "unmount what is not mounted" 1 "is not mounted" "$ocimg" umount overlay
check "mount again" "$ocimg" mount overlay
check_output "the change is still there" changed cat overlay/rootfs/etc/one
check "mounting twice is no harm" "$ocimg" mount overlay
check_output "it is mounted once" 1 grep -c " $test_dir/overlay/rootfs " /proc/self/mountinfo
check "unmount, delete the cache, mount: the layers come from the layout" sh -c \
    "'$ocimg' umount overlay && '$ocimg' umount --remove second && rm -r cache && '$ocimg' mount overlay"
check_output "nothing is lost" changed cat overlay/rootfs/etc/one
check_not "the removed bundle is gone" test -e second
check_fails "a tree has nothing to mount" 1 "was not unpacked with --overlay" "$ocimg" mount tree
"$ocimg" umount overlay && "$ocimg" umount --remove overlay || exit 1
cp -a image broken && truncate -s -1 "broken/blobs/sha256/$(jq -r '.manifests[0].digest' broken/index.json | cut -d: -f2)"
check_not "an image that is damaged" "$ocimg" unpack --overlay --image broken:base none
check_not "leaves no bundle" test -e none
check_not "and no mount" grep -F "$test_dir/" /proc/self/mountinfo

# --- repack
change() { # BUNDLE: every kind of change
    local root=$1/rootfs
    echo changed >"$root/etc/one"
    rm -r "$root/etc/deep"
    ln -s nowhere "$root/bin/new-link"
    mkfifo "$root/etc/fifo"
    mkdir "$root/new" && echo x >"$root/new/x" && ln "$root/new/x" "$root/new/y"
    chmod 711 "$root/bin"
    echo volume >"$root/data/file"
    touch -d '2021-02-03 04:05:06.5' "$root/new/x" "$root/etc/one" "$root/etc" "$root/new" "$root/bin" "$root/data"
    touch -h -d '2021-02-03 04:05:06' "$root/bin/new-link" "$root/etc/fifo"
}
check "unpack the overlay again" "$ocimg" unpack --overlay --image image:base overlay
for kind in tree overlay; do
    check "$kind: nothing changed" "$ocimg" repack --image "image:same-$kind" "$kind"
    check_output "$kind: no layer is added then" 2 layers "same-$kind"
    change "$kind"
    check "$kind: repack" "$ocimg" repack --image "image:$kind" "$kind"
    check_output "$kind: one layer more" 3 layers "$kind"
    check "$kind: unpack it" "$ocimg" unpack --image "image:$kind" "again-$kind"
    check_not "$kind: the volume's content is left out" test -e "again-$kind/rootfs/data/file"
    mv "again-$kind/rootfs/data" kept && cp -a "$kind/rootfs/data" "again-$kind/rootfs/"
    touch -r "$kind/rootfs" "again-$kind/rootfs"
    check "$kind: it is what the bundle has" same_trees "$kind/rootfs" "again-$kind/rootfs"
    rm -r kept "again-$kind"
    check "$kind: with the volumes" "$ocimg" repack --image "image:volumes-$kind" --no-mask-volumes "$kind"
    check_match "$kind: their content is there" 'data/file' layer_names "volumes-$kind"
    check "$kind: with masks" "$ocimg" repack --image "image:masked-$kind" --mask-path /etc/ --mask-path new "$kind"
    check_output "$kind: the rest is there" "bin/ bin/new-link " layer_names "masked-$kind"
    check "$kind: the same again" "$ocimg" repack --image "image:again-$kind" "$kind"
    check_output "$kind: gives the same digests" "$(manifest_of "$kind")" manifest_of "again-$kind"
done
check_output "a deleted directory is one whiteout, before its siblings" \
    "bin/ bin/new-link etc/ etc/.wh.deep etc/fifo etc/one new/ new/x new/y " layer_names tree
check "verify finds the same" "$ocimg" repack --verify --image image:verified tree
check_output "the same layer" "$(layer_names tree)" layer_names verified

check "unpack for small changes" "$ocimg" unpack --image image:base small
ln small/rootfs/etc/three small/rootfs/etc/four
check "a further name of a file" "$ocimg" repack --image image:linked small
check_output "adds the name alone" "etc/ etc/four " layer_names linked
rm small/rootfs/etc/four
touch -r files/etc small/rootfs/etc
chmod 700 small/rootfs/etc/one && chmod 644 small/rootfs/etc/one
check "touched, but as it was" "$ocimg" repack --image image:touched small
check_output "is no change" 2 layers touched
cp -a small copied
check "a copied bundle has other inodes" "$ocimg" repack --image image:copied copied
check_output "and the same content" 2 layers copied
printf '3' | dd of=small/rootfs/etc/three conv=notrunc status=none
touch -d '2020-01-02 03:04:05' small/rootfs/etc/three
check "changed content with the old size and time" "$ocimg" repack --image image:sly small
check_output "is found" "etc/three " layer_names sly
check "and the bundle refreshed" "$ocimg" repack --refresh-bundle --image image:fresh small
check "then nothing has changed" "$ocimg" repack --image image:fresh-same small
check_output "since the new image" 3 layers fresh-same
echo more >>small/rootfs/etc/three
check "a change after that" "$ocimg" repack --image image:more small
check_output "is a fourth layer" 4 layers more
mkdir small/rootfs/trap && : >small/rootfs/trap/.wh.x
check_fails "a file that reads as a whiteout" 1 '"trap/.wh.x": it cannot be stored' "$ocimg" repack --image image:trap small
check_not "makes no tag" "$ocimg" inspect --image image:trap
check_fails "a bundle of others" 1 "was not unpacked by ocimg" "$ocimg" repack --image image:x files
truncate -s -3 tree/ocimg.records
check_fails "damaged records" 1 "is damaged" "$ocimg" repack --image image:x tree
check "SOURCE_DATE_EPOCH clamps" env SOURCE_DATE_EPOCH=1000000000 "$ocimg" repack --image image:clamped overlay
"$ocimg" umount --remove overlay || exit 1
check "unpack the clamped one" "$ocimg" unpack --image image:clamped clamped
check_output "no time is later" 0 sh -c 'find clamped/rootfs/new -newermt @1000000001 | wc -l'
check_output "progress in JSON" true sh -c "'$ocimg' unpack --progress json --image image:base p 2>&1 | jq -se 'map(.event) | contains([\"start\", \"end\"])'"

# --- others read what was made
if command -v umoci >/dev/null; then
    for tag in tree overlay volumes-tree linked more; do
        check "umoci unpacks $tag" umoci unpack --image "image:$tag" "umoci-$tag"
        check "ocimg unpacks $tag" "$ocimg" unpack --image "image:$tag" "ocimg-$tag"
        check "the trees of $tag are the same" same_trees "umoci-$tag/rootfs" "ocimg-$tag/rootfs"
    done
else
    skip "umoci reads it" "umoci is not installed"
fi
if command -v skopeo >/dev/null; then
    check "skopeo copies it to a docker archive" skopeo --insecure-policy copy oci:image:tree docker-archive:tree.tar:test/tree:latest
    check "skopeo checks it" skopeo --insecure-policy copy oci:image:overlay dir:copied-by-skopeo
else
    skip "skopeo reads it" "skopeo is not installed"
fi
finish
