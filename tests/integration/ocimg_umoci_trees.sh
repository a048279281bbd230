#!/bin/bash
# The same images unpacked by ocimg and by umoci: the trees are compared by content, mode, owner, time, attributes and
# hard links. A real Debian, 20 layers over each other, 100,000 small files, and every edge of the list of what
# extractors get wrong; where umoci does not do what the specification asks, the reason stands beside the edge.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
command -v umoci >/dev/null || skip_all "umoci is not installed"
enter_sandbox "$@"
ocimg=$OCI_BUILD/ocimg
manifest=$OCI_BUILD/tests/tree_manifest
odd_layers=$here/../support/odd_layers.py

# umoci takes long for a hundred thousand files: it begins now.
python3 "$odd_layers" . small || exit 1
umoci unpack --image small:x many-files >many-files.err 2>&1 &
umoci_pid=$!
expect_process $umoci_pid

# both IMAGE [OPTION...]: fills ours.txt and theirs.txt; a tool that refuses leaves "refused".
both() {
    local image=$1
    shift
    rm -rf ours theirs
    if "$ocimg" unpack --progress none "$@" --image "$image" ours 2>ours.err; then "$manifest" ours/rootfs; else echo refused; fi >ours.txt
    if umoci unpack "$@" --image "$image" theirs >theirs.err 2>&1; then "$manifest" theirs/rootfs; else echo refused; fi >theirs.txt
    rm -rf ours theirs
}
same() { # IMAGE LINES [OPTION...]: both unpack it, to the same tree of at least so many files
    local image=$1 lines=$2 count
    shift 2
    both "$image" "$@"
    count=$(wc -l <ours.txt)
    [ "$count" -ge "$lines" ] || { echo "only $count files"; cat ours.err; return 1; }
    diff theirs.txt ours.txt >difference && return 0
    echo "$(grep -c '^[<>]' difference) lines differ (< umoci, > ocimg):"
    head -20 difference
    return 1
}

# --- edges where the tools differ, and why. Each must differ, or it does not belong here.
declare -A why=(
    [name_double_slash]='directories that no layer lists have the time of the unpacking there, and 1970 here: trees are reproducible'
    [pax_long_path]='the same: its parent is in no layer'
    [missing_parents]='the same'
    [whiteout_after_re_creation]='the directory keeps the time of its entry (layer.md: mtime), umoci forgets it at the whiteout'
    [old_gnu_sparse]='umoci knows no entries of that type'
    [pax_global_header]='umoci takes the header of git archive for an entry of an unknown type'
    [entry_under_a_file]='the layer replaces the file by a directory (layer.md: remove and recreate), umoci gives up'
    [character_device_0_0]='an overlay file system would take it for a whiteout; umoci makes it'
    [zeros_behind_the_blob]='padding behind the last member of gzip is no content; umoci gives up'
    [zstd_of_several_frames]='tar+zstd is a media type of the specification; umoci 0.4 knows gzip and tar alone'
    [docker_media_type]='umoci takes OCI media types alone'
    [whiteout_without_a_name]='layer.md: an error should be given; umoci ignores it'
    [negative_size_of_a_layer]='descriptor.md: a size is not negative; umoci ignores it'
    [more_diff_ids_than_layers]='config.md: one diff id for each layer; umoci ignores the rest'
)
# What no tool may unpack: ocimg must refuse it, whatever umoci does.
false_ones='false_diff_id false_size_of_a_layer layer_longer_than_its_size negative_size_of_a_layer unknown_rootfs_type
    fewer_diff_ids_than_layers more_diff_ids_than_layers whiteout_without_a_name whiteout_of_dot hard_link_before_its_target
    character_device_0_0'
mkdir each
python3 "$odd_layers" each >names || exit 1
check "the list has all its edges" test "$(wc -l <names)" -ge 60
while read -r -u 5 name; do
    both "each/$name:x"
    expected_refusal=no
    case " $(echo $false_ones) " in *" $name "*) expected_refusal=yes ;; esac
    if [ "$(cat ours.txt)" = refused ] && [ $expected_refusal = no ]; then
        failed "edge $name: ocimg unpacks it" "$(cat ours.err)"
    elif [ "$(cat ours.txt)" != refused ] && [ $expected_refusal = yes ]; then
        failed "edge $name: ocimg refuses it" "$(cat ours.txt)"
    elif cmp -s ours.txt theirs.txt; then
        if [ -z "${why[$name]:-}" ]; then passed "edge $name"; else failed "edge $name: the tools agree, a reason is not needed"; fi
    elif [ -n "${why[$name]:-}" ]; then
        passed "edge $name: differs from umoci: ${why[$name]}"
    else
        failed "edge $name: the trees are the same" "$(diff theirs.txt ours.txt | head -10)" "$(tail -2 theirs.err)"
    fi
done 5<names
check "edge symbolic_link_to_directory with --keep-dirlinks" same each/symbolic_link_to_directory:x 4 --keep-dirlinks
rm -rf each

# --- all edges in one image
python3 "$odd_layers" . all "${!why[@]}" || exit 1
check "one image with every odd entry: the same tree" same all:x 90
python3 "$odd_layers" . many || exit 1
check "20 layers over each other: the same tree" same many:x 500
check_output "they are 20" 20 sh -c "'$ocimg' inspect --json --image many:x | jq '.manifest.layers | length'"
rm -rf all many
same_small_files() {
    wait $umoci_pid || { cat many-files.err; return 1; }
    "$ocimg" unpack --progress none --image small:x ours && "$manifest" ours/rootfs >ours.txt && "$manifest" many-files/rootfs >theirs.txt &&
        cmp theirs.txt ours.txt && [ "$(wc -l <ours.txt)" -eq 100101 ]
}
check "100,000 small files: the same tree" same_small_files
rm -rf small ours many-files

# --- a real Debian, when its packages can be had
cache=${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}
if command -v mmdebstrap >/dev/null && archive=$(timeout 300 "$here/../support/make_debian_root.sh" "$cache" plain 2>log); then
    "$ocimg" new --image debian:x && "$ocimg" append --progress none --image debian:x "$archive" || exit 1
    check "a real Debian: the same tree" same debian:x 2000
else
    skip "a real Debian" "its packages cannot be fetched here: $(tail -1 log 2>/dev/null || echo mmdebstrap is not installed)"
fi
finish
