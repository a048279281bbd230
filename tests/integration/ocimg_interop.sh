#!/bin/bash
# ocimg and its peers read what the other one writes: skopeo, umoci and buildah, each if it is installed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
command -v jq >/dev/null || skip_all "jq is not installed"
command -v skopeo >/dev/null || command -v umoci >/dev/null || skip_all "neither skopeo nor umoci is installed"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1

describe_tree() {
    (cd "$1" && find . -mindepth 1 -printf '%P|%y|%m|%U:%G|%T@|%l|%n\n' | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum)
}
same_trees() { diff <(describe_tree "$1") <(describe_tree "$2"); }
needs() { # PROGRAM NAME: whether a peer is here; names what is left out otherwise
    command -v "$1" >/dev/null && return 0
    skip "$2" "$1 is not installed"
    return 1
}

mkdir -p files/bin files/etc upper/etc
printf '#!/bin/sh\n' >files/bin/tool
chmod 4755 files/bin/tool
ln -s tool files/bin/link
ln files/bin/tool files/bin/hard
echo 'bob:x:1001:1002::/:/bin/sh' >files/etc/passwd
echo gone >files/etc/gone
chown 12:34 files/etc/gone
find files -exec touch -h -d '2020-01-02 03:04:05' {} +
: >upper/etc/.wh.gone
echo new >upper/etc/new
touch -d '2020-01-02 03:04:05' upper/etc/new upper/etc upper
tar --numeric-owner -C upper -cf upper.tar etc

"$ocimg" new --image ours:one --platform linux/amd64 || exit 1
"$ocimg" append --image ours:one files || exit 1
"$ocimg" append --image ours:one upper.tar || exit 1
"$ocimg" config --image ours:one --cmd /bin/tool --env A=1 --user bob --workdir /etc --label l=1 || exit 1
"$ocimg" unpack --image ours:one our-bundle || exit 1

if needs umoci "what ocimg writes, umoci reads"; then
    check "umoci lists what ocimg wrote" umoci ls --layout ours
    check "umoci unpacks what ocimg wrote" umoci unpack --image ours:one umoci-bundle
    check "both trees are the same" same_trees our-bundle/rootfs umoci-bundle/rootfs
    for field in .process.args .process.cwd .process.user.uid .process.user.gid; do
        check_output "both say the same $field" "$(jq -cS "$field" umoci-bundle/config.json)" jq -cS "$field" our-bundle/config.json
    done

    umoci init --layout theirs && umoci new --image theirs:two && umoci unpack --image theirs:two edit || exit 1
    cp -a files/. edit/rootfs/
    check "umoci makes an image" umoci repack --image theirs:two edit
    umoci config --image theirs:two --config.cmd /bin/tool --config.user 5:6 --config.env B=2 || exit 1
    check "ocimg shows what umoci wrote" "$ocimg" inspect --image theirs:two
    check "ocimg unpacks what umoci wrote" "$ocimg" unpack --image theirs:two from-umoci
    check "the files are those that went in" same_trees files from-umoci/rootfs
    check_output "and the user" '{"uid":5,"gid":6}' jq -c .process.user from-umoci/config.json
    check "umoci inserts a file" umoci insert --image theirs:two --tag inserted files/etc/passwd /inserted
    check "ocimg unpacks a layer of umoci insert, whose last block is not filled" "$ocimg" unpack --image theirs:inserted from-insert
    check "with the file in it" cmp files/etc/passwd from-insert/rootfs/inserted
    check "ocimg appends to an image of umoci" "$ocimg" append --image theirs:two upper.tar
    check "umoci still unpacks it" umoci unpack --image theirs:two after-append
    check_output "with the new file" new cat after-append/rootfs/etc/new
fi

if needs skopeo "what ocimg writes, skopeo reads"; then
    check_match "skopeo inspects what ocimg wrote" '"Architecture": "amd64"' skopeo inspect oci:ours:one
    check "skopeo copies it" skopeo copy -q oci:ours:one oci:copied:three
    check "ocimg unpacks the copy" "$ocimg" unpack --image copied:three from-skopeo
    check "the copy has the same files" same_trees our-bundle/rootfs from-skopeo/rootfs
    check "skopeo writes zstd layers" skopeo copy -q --dest-compress-format zstd --dest-compress oci:ours:one oci:zstd:one
    check "ocimg unpacks zstd layers of skopeo" "$ocimg" unpack --image zstd:one from-zstd
    check "they have the same files" same_trees our-bundle/rootfs from-zstd/rootfs
    check "a tag with slashes and colons" skopeo copy -q oci:ours:one oci:copied:docker.io/library/x:1
    check "ocimg finds it" "$ocimg" unpack --image copied:docker.io/library/x:1 from-long-tag

    # Docker's own format: the layout's blobs are kept, the documents are Docker's.
    check "skopeo writes Docker schema 2" skopeo copy -q --format v2s2 oci:ours:one dir:docker
    mkdir -p v2s2/blobs/sha256
    echo '{"imageLayoutVersion":"1.0.0"}' >v2s2/oci-layout
    for file in docker/*; do cp "$file" "v2s2/blobs/sha256/$(sha256sum <"$file" | cut -d' ' -f1)"; done
    jq -n --arg d "sha256:$(sha256sum <docker/manifest.json | cut -d' ' -f1)" --argjson s "$(stat -c %s docker/manifest.json)" \
        '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.docker.distribution.manifest.v2+json", digest: $d, size: $s,
          annotations: {"org.opencontainers.image.ref.name": "d"}}]}' >v2s2/index.json
    check "ocimg unpacks a layout of Docker documents" "$ocimg" unpack --image v2s2:d from-docker
    check "it has the same files" same_trees our-bundle/rootfs from-docker/rootfs
    check "ocimg changes it into an OCI image" "$ocimg" config --image v2s2:d --env C=3
    check "skopeo reads the result" skopeo inspect oci:v2s2:d
fi

if needs buildah "what buildah writes, ocimg reads"; then
    buildah_image() {
        local container
        container=$(buildah --root "$test_dir/store" --runroot "$test_dir/run" --storage-driver vfs from scratch) &&
            buildah --root "$test_dir/store" --runroot "$test_dir/run" --storage-driver vfs copy -q "$container" files / &&
            buildah --root "$test_dir/store" --runroot "$test_dir/run" --storage-driver vfs config --cmd /bin/tool "$container" &&
            buildah --root "$test_dir/store" --runroot "$test_dir/run" --storage-driver vfs commit -q "$container" oci:built:four
    }
    if buildah_image >buildah.log 2>&1; then
        check "ocimg unpacks what buildah wrote" "$ocimg" unpack --image built:four from-buildah
        check_output "with its command" '["/bin/tool"]' jq -c .process.args from-buildah/config.json
        check "and its files" test -u from-buildah/rootfs/bin/tool
    else
        skip "what buildah writes, ocimg reads" "buildah cannot work here: $(tail -1 buildah.log)"
    fi
fi
finish
