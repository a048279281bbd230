#!/bin/bash
# ocimg and a real registry (docker-registry) on loopback: plain, with TLS, with passwords; what skopeo, umoci and
# Podman push is pulled, and the reverse, with the same digests.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry skopeo umoci jq curl openssl ip; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
enter_network "$@"
plain=127.0.0.1:5000
start_registry plain 5000
make_image lay:one || exit 1
one=$(digest_of lay one)
whole_blobs() { # LAYOUT NUMBER: so many blobs, each with the digest that it is named after
    [ "$(find "$1/blobs/sha256" -type f | wc -l)" -eq "$2" ] &&
        (cd "$1/blobs/sha256" && for file in *; do echo "$file  $file"; done | sha256sum --quiet -c)
}

# --- push, pull, copy ----------------------------------------------------------------------------------
check_output "push tells the digest" "$one" "$ocimg" push -q ./lay:one $plain/a/one:1
check_output "the registry has the very bytes" "$one" remote_digest $plain/a/one 1
check_output "skopeo reads it" "$one" skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://$plain/a/one:1
check_output "pull tells the digest" "$one" "$ocimg" pull -q $plain/a/one:1
check_output "the store has it under its name" "$one" digest_of store $plain/a/one:1
check "every blob came" whole_blobs store 4
check "a pulled image is unpacked by its name" "$ocimg" unpack $plain/a/one:1 bundle
check_output "it has the image's command" '["/name"]' jq -c .process.args bundle/config.json
check_output "copy from the registry into a layout" "$one" "$ocimg" copy -q docker://$plain/a/one:1 oci:copied:two
check_output "under the name that was asked for" "$one" digest_of copied two
check "umoci unpacks what was copied" umoci unpack --image copied:two umoci-bundle
check_output "copy takes the source's tag when none is given" "$one" "$ocimg" copy -q docker://$plain/a/one:1 oci:tagless
check_output "it is there" "$one" digest_of tagless 1
check_output "push under the store's own name" "$one" "$ocimg" push -q $plain/a/one:1
check_output "by digest" "$one" "$ocimg" copy -q "docker://$plain/a/one@$one" oci:bydigest:x
"$ocimg" pull --progress none --debug $plain/a/one:1 2>trace >/dev/null
check_not "what is there is not fetched again" grep -q /blobs/ trace

# --- uploads -------------------------------------------------------------------------------------------
check_output "push in chunks" "$one" "$ocimg" push -q --chunk-size 64k ./lay:one $plain/a/chunks:1
check_output "the chunks are the same image" "$one" remote_digest $plain/a/chunks 1
"$ocimg" push -q --debug --chunk-size 64k ./lay:one $plain/a/more-chunks:1 2>trace >/dev/null
check "it really were several" test "$(grep -c '^ocimg: PATCH' trace)" -ge 4
"$ocimg" copy -q --debug docker://$plain/a/one:1 docker://$plain/b/mounted:1 2>trace >/dev/null
check_output "copy inside a registry mounts" "$one" remote_digest $plain/b/mounted 1
check_not "and moves no blob" grep -qE 'PUT .*/uploads/|GET .*/blobs/' trace
"$ocimg" push -q --debug --mount-from a/one ./lay:one $plain/b/from:1 2>trace >/dev/null
check_not "push --mount-from moves no blob" grep -qE 'PUT .*/uploads/' trace
"$ocimg" push -q --debug ./lay:one $plain/b/from:2 2>trace >/dev/null
check_not "HEAD comes before PUT: what is there is not sent again" grep -qE 'POST|PUT .*/uploads/' trace

# --- what an earlier run left ---------------------------------------------------------------------------
layer=$(jq -r '.layers[0].digest' "lay/blobs/sha256/${one#sha256:}")
leave_part() { # LAYOUT: as a copy leaves it that was killed half-way
    "$ocimg" copy -q ./lay:one "oci:$1:0" >/dev/null && mkdir "$1/.ocimg-partial" &&
        mv "$1/blobs/sha256/${layer#sha256:}" "$1/whole" && head -c 100000 "$1/whole" >"$1/.ocimg-partial/sha256-${layer#sha256:}"
}
leave_part resumed
check_output "a broken copy is gone on with" "$one" "$ocimg" copy -q --debug docker://$plain/a/one:1 oci:resumed:1
cp "$test_err" trace
check "by Range" grep -q "blobs/$layer -> 206" trace
check_not "nothing unfinished is left" test -e resumed/.ocimg-partial
leave_part damaged
printf x | dd of="damaged/.ocimg-partial/sha256-${layer#sha256:}" bs=1 seek=5000 conv=notrunc 2>/dev/null
check_output "a damaged part is fetched again" "$one" "$ocimg" copy -q docker://$plain/a/one:1 oci:damaged:1
check_output "and the blob is whole" "${layer#sha256:}" sh -c "sha256sum <damaged/blobs/sha256/${layer#sha256:} | cut -d' ' -f1"
leave_part collected
check "gc removes unfinished blobs" "$ocimg" gc collected
check_not "they are gone" test -e collected/.ocimg-partial
check "pull --unpack" env OCIMG_STORE="$test_dir/other-store" "$ocimg" pull -q --unpack while-pulling $plain/a/one:1
check "gives the same files" diff -r bundle/rootfs while-pulling/rootfs
check "and configuration" cmp bundle/config.json while-pulling/config.json
check_fails "pull --unpack into a bundle that is there" any "exists and is not empty" "$ocimg" pull -q --unpack while-pulling $plain/a/one:1

# --- peers ---------------------------------------------------------------------------------------------
check "skopeo pushes" skopeo copy -q --dest-tls-verify=false oci:lay:one docker://$plain/s/one:1
check_output "ocimg pulls what skopeo pushed" "$one" "$ocimg" pull -q $plain/s/one:1
check "skopeo pulls what ocimg pushed" skopeo copy -q --src-tls-verify=false docker://$plain/a/one:1 oci:skopeo-lay:one
check_output "with the same digest" "$one" digest_of skopeo-lay one
check "skopeo pushes Docker's format" skopeo copy -q --format v2s2 --dest-tls-verify=false oci:lay:one docker://$plain/s/docker:1
docker_digest=$(remote_digest $plain/s/docker 1)
check_output "ocimg pulls it as it is" "$docker_digest" "$ocimg" pull -q $plain/s/docker:1
check "and unpacks it" "$ocimg" unpack $plain/s/docker:1 docker-bundle
check "pushes it again" "$ocimg" push -q $plain/s/docker:1 $plain/s/docker-again:1
check_output "with the same digest" "$docker_digest" remote_digest $plain/s/docker-again 1
umoci init --layout u && umoci new --image u:x && umoci config --image u:x --config.env A=1 || exit 1
umoci_digest=$(digest_of u x)
check_output "what umoci made is pushed" "$umoci_digest" "$ocimg" push -q ./u:x $plain/u/x:1
check_output "and pulled" "$umoci_digest" "$ocimg" pull -q $plain/u/x:1
podman_here() { podman --root "$test_dir/podman" --runroot "$test_dir/podman-run" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
if command -v podman >/dev/null && podman_here info >/dev/null 2>&1; then
    check "Podman pulls what ocimg pushed" podman_here pull -q --tls-verify=false $plain/a/one:1
    check "Podman pushes it again" podman_here push -q --tls-verify=false $plain/a/one:1 $plain/p/one:1
    podman_digest=$(remote_digest $plain/p/one 1)
    check_output "ocimg pulls what Podman pushed" "$podman_digest" "$ocimg" pull -q $plain/p/one:1
    check "and unpacks it" "$ocimg" unpack $plain/p/one:1 podman-bundle
    check "with the same files" diff -r bundle/rootfs podman-bundle/rootfs
else
    skip "what Podman pushes" "Podman does not work here"
fi

# --- formats -------------------------------------------------------------------------------------------
check "to Docker's format" "$ocimg" copy -q --format docker ./lay:one docker://$plain/f/docker:1
check_output "its type says so" application/vnd.docker.distribution.manifest.v2+json \
    sh -c "skopeo inspect --raw --tls-verify=false docker://$plain/f/docker:1 | jq -r .mediaType"
check_output "and back: the same digest as before" "$one" "$ocimg" copy -q --format oci docker://$plain/f/docker:1 docker://$plain/f/oci:1
check "zstd layers" "$ocimg" copy -q --compression zstd docker://$plain/a/one:1 docker://$plain/f/zstd:1
check_output "they are zstd" application/vnd.oci.image.layer.v1.tar+zstd \
    sh -c "skopeo inspect --raw --tls-verify=false docker://$plain/f/zstd:1 | jq -r '.layers[0].mediaType'"
check "skopeo reads them" skopeo copy -q --src-tls-verify=false docker://$plain/f/zstd:1 oci:zstd-lay:one
check "they unpack" "$ocimg" unpack ./zstd-lay:one zstd-bundle
check "to the same files" diff -r bundle/rootfs zstd-bundle/rootfs
check_fails "Docker's format has no zstd" any "--compression gzip" "$ocimg" copy -q --format docker docker://$plain/f/zstd:1 oci:nowhere:1
check "with --compression gzip it goes" "$ocimg" copy -q --format docker --compression gzip docker://$plain/f/zstd:1 docker://$plain/f/back:1
check "uncompressed layers" "$ocimg" copy -q --compression none ./lay:one oci:plain-lay:one
check "they unpack" "$ocimg" unpack ./plain-lay:one plain-bundle
check "to the same files" diff -r bundle/rootfs plain-bundle/rootfs

mkdir text && seq 200000 >text/numbers
"$ocimg" new --image lay:text >/dev/null && "$ocimg" append --image lay:text text >/dev/null
layer_size() { # LAYOUT: of its only layer
    jq '.layers[0].size' "$1/blobs/sha256/$(jq -r '.manifests[0].digest' "$1/index.json" | cut -d: -f2)"
}
for level in gzip:0 gzip:1 gzip:9 zstd:1 zstd:19; do
    check "--compression ${level/:/ --compression-level }" \
        "$ocimg" copy -q --compression "${level%:*}" --compression-level "${level#*:}" ./lay:text "oci:level-${level/:/-}:1"
    check "unpacks" "$ocimg" unpack "oci:level-${level/:/-}:1" "bundle-$level"
    check "to the same files" cmp text/numbers "bundle-$level/rootfs/numbers"
done
check "a higher level makes a smaller layer (gzip)" test "$(layer_size level-gzip-9)" -lt "$(layer_size level-gzip-0)"
check "a higher level makes a smaller layer (zstd)" test "$(layer_size level-zstd-19)" -lt "$(layer_size level-zstd-1)"
check "skopeo reads what was compressed at a level" skopeo copy -q oci:level-zstd-19:1 oci:level-read:1
check_fails "a level that gzip does not have" any "expected 0 to 9" "$ocimg" copy -q --compression gzip --compression-level 10 ./lay:text oci:x:1
check_fails "a level that zstd does not have" any "expected 1 to 19" "$ocimg" copy -q --compression zstd --compression-level 0 ./lay:text oci:x:1
check_fails "a level of nothing" any "needs --compression gzip or zstd" "$ocimg" copy -q --compression-level 3 ./lay:text oci:x:1

# --- several platforms -----------------------------------------------------------------------------------
make_image lay:arm linux/arm64 || exit 1
index_of() { # TAG...: an index of these images in lay, written by hand
    local tag entries=() file=$test_dir/index
    for tag in "$@"; do
        entries+=("$(jq -c --arg tag "$tag" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag) | del(.annotations)' lay/index.json)")
    done
    printf '%s\n' "${entries[@]}" | jq -cs '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' | tr -d '\n' >"$file"
    index_digest=sha256:$(sha256sum <"$file" | cut -d' ' -f1)
    cp "$file" "lay/blobs/sha256/${index_digest#sha256:}"
    jq --arg d "$index_digest" --argjson s "$(stat -c %s "$file")" '.manifests += [{mediaType: "application/vnd.oci.image.index.v1+json",
        digest: $d, size: $s, annotations: {"org.opencontainers.image.ref.name": "multi"}}]' lay/index.json >new && mv new lay/index.json
}
index_of one arm
arm=$(digest_of lay arm)
check_output "an index goes up whole" "$index_digest" "$ocimg" push -q ./lay:multi $plain/m/app:1
check_output "and comes down whole" "$index_digest" "$ocimg" copy -q docker://$plain/m/app:1 oci:multi-lay:1
check "with every blob" skopeo copy -q --all oci:multi-lay:1 oci:multi-again:1
check_output "skopeo sees the same index" "$index_digest" sh -c "skopeo inspect --raw --tls-verify=false docker://$plain/m/app:1 | sha256sum | sed 's/^/sha256:/; s/ .*//'"
check_output "one platform by --platform" "$arm" "$ocimg" copy -q --platform linux/arm64 docker://$plain/m/app:1 oci:arm-lay:1
check_output "pull takes this machine's platform" "$one" "$ocimg" pull -q $plain/m/app:1
check_output "pull --all-platforms takes all" "$index_digest" "$ocimg" pull -q --all-platforms $plain/m/app:1
check_fails "a platform that is not there is named, and what is there" any "linux/amd64, linux/arm64" \
    "$ocimg" pull -q --platform linux/riscv64 $plain/m/app:1
check "several platforms make an index of these" "$ocimg" copy -q --platform linux/amd64,linux/arm64 docker://$plain/m/app:1 docker://$plain/m/two:1
check_output "an index in Docker's format" application/vnd.docker.distribution.manifest.list.v2+json sh -c \
    "$ocimg copy -q --format docker docker://$plain/m/app:1 docker://$plain/m/docker:1 >/dev/null; skopeo inspect --raw --tls-verify=false docker://$plain/m/docker:1 | jq -r .mediaType"

# --- what is not there -----------------------------------------------------------------------------------
check_fails "an image that is not there" any "MANIFEST_UNKNOWN" "$ocimg" pull -q $plain/a/one:none
check_fails "a repository that is not there" any "status 404" "$ocimg" pull -q $plain/never/was:1
check_fails "no server" any "127.0.0.1:5999" "$ocimg" pull -q --timeout 3 127.0.0.1:5999/a:1
check_not "nothing of it is in the store" grep -qE 'none|never|5999' store/index.json
check_not "no unfinished blob is left" test -e store/.ocimg-partial

# --- progress --------------------------------------------------------------------------------------------
"$ocimg" copy --progress json docker://$plain/a/one:1 oci:progress:1 2>events >/dev/null
check "JSON progress is JSON" jq -es 'map(select(.event == "end" and .status == "done")) | length == 3' events
"$ocimg" copy docker://$plain/a/one:1 oci:progress2:1 2>events >/dev/null
check "lines tell of every blob" test "$(grep -c ': done (' events)" -eq 3
script -qec "$ocimg copy docker://$plain/a/one:1 oci:progress3:1" /dev/null >screen 2>&1 </dev/null
check "bars on a terminal" grep -q $'\x1b\\[' screen
finish
