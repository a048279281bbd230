#!/bin/bash
# Layouts that are broken or hostile: one clear sentence, exit code 1, and nothing left behind.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
for program in jq busybox; do
    command -v $program >/dev/null || skip_all "$program is not installed"
done
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1

mkdir -p files/etc more
echo 'root:x:0:0::/:/bin/sh' >files/etc/passwd
head -c 100000 /dev/urandom >files/random
echo more >more/more
"$ocimg" new --image good:a && "$ocimg" append --image good:a files && "$ocimg" append --image good:a more || exit 1

# --- ways to break a copy of the good layout, "l" -----------------------------------------------------
fresh() { rm -rf l && cp -a good l; }
manifest_digest() { jq -r '.manifests[0].digest' l/index.json; }
blob() { echo "l/blobs/sha256/${1#sha256:}"; }
manifest() { jq -r "$1" "$(blob "$(manifest_digest)")"; }
put_blob() { # FILE: stores it and prints its descriptor's digest and size as JSON
    local digest
    digest=$(sha256sum <"$1" | cut -d' ' -f1)
    cp "$1" "l/blobs/sha256/$digest"
    printf '{"digest":"sha256:%s","size":%s}' "$digest" "$(stat -c %s "$1")"
}
edit_index() { jq "$@" l/index.json >index.new && cp index.new l/index.json; }
edit_manifest() { # JQ PROGRAM: the first tag names the changed manifest
    jq "$@" "$(blob "$(manifest_digest)")" >manifest.new
    edit_index --argjson new "$(put_blob manifest.new)" '.manifests[0] += $new'
}
edit_config() { # JQ PROGRAM
    jq "$@" "$(blob "$(manifest .config.digest)")" >config.new
    edit_manifest --argjson new "$(put_blob config.new)" '.config += $new'
}

# A directory that was not there must not be there afterwards; an empty one must be empty again.
shapes=0
refused() { # NAME TEXT [OPTION...]
    local name=$1 text=$2
    shift 2
    shapes=$((shapes + 1))
    rm -rf bundle empty
    mkdir empty
    check_fails "$name" 1 "$text" timeout 60 "$ocimg" unpack --image l:a "$@" bundle
    [ ! -e bundle ] || failed "$name: nothing is left" "$(find bundle | head)"
    case $(grep -v '^layer ' "$test_err") in # lines about progress may stand before it
        "ocimg: "*) ;;
        *) failed "$name: the message begins with ocimg:" "$(cat "$test_err")" ;;
    esac
    timeout 60 "$ocimg" unpack --image l:a "$@" empty 2>/dev/null && failed "$name: into an empty directory"
    [ -z "$(ls -A empty)" ] || failed "$name: an empty directory stays empty" "$(find empty | head)"
}

fresh
check "the good layout is good" "$ocimg" unpack --image l:a good-bundle

# --- the layout itself --------------------------------------------------------------------------------
rm -rf l; refused "no layout" 'layout "l": no such file or directory'
mkdir l; refused "a directory that is no layout" '"l" is not an OCI image layout'
fresh; echo '{"imageLayoutVersion":"9.0.0"}' >l/oci-layout; refused "an unknown layout version" 'found "9.0.0", supported is 1.x'
fresh; echo '{}' >l/oci-layout; refused "a layout without version" "imageLayoutVersion: is required"
fresh; rm l/index.json; refused "no index.json" "index.json"
fresh; printf '{\n  "schemaVersion": 2,\n  "manifests": [,]\n}\n' >l/index.json; refused "broken JSON has line and column" "l/index.json:3:17"
fresh; printf '{"schemaVersion":2,"manifests":[],"manifests":[]}' >l/index.json; refused "I15: duplicate keys" "l/index.json:1:"
fresh; (printf '%0.s[' {1..2000}) >l/index.json; refused "I16: deep nesting" "l/index.json:1:"
fresh; edit_index '.manifests[0].size = "big" | del(.manifests[0].mediaType)'; refused "wrong types" "manifests[0].size"
grep -qF "manifests[0].mediaType: is required" "$test_err" && passed "all problems are told at once" || failed "all problems are told at once" "$(cat "$test_err")"
fresh; edit_index '.manifests[0].size = -1'; refused "I13: a negative size" "manifests[0].size: is -1"
fresh; edit_index '.manifests[0].digest = "sha256:../../../etc/passwd"'; refused "I14: a digest that is a path" "manifests[0].digest"
fresh; edit_index '.manifests[0].digest = "md5:d41d8cd98f00b204e9800998ecf8427e"'; refused "I14: a digest nobody can check" "cannot be checked"
fresh; truncate -s 5M l/index.json; refused "I18: an index of 5 MiB" "index.json"
fresh; mv l/index.json elsewhere; ln -s ../elsewhere l/index.json; refused "I17: a linked index" "index.json is not a regular file"
fresh; rm l/index.json; mkfifo l/index.json; refused "I17: a fifo for an index" "index.json is not a regular file"

# --- tags and platforms -------------------------------------------------------------------------------
fresh; edit_index '.manifests[0].annotations = {}'; refused "no tags" 'has no tag "a": it has no tags at all'
fresh; edit_index '.manifests[0].annotations["org.opencontainers.image.ref.name"] = "b"'; refused "an absent tag" 'has no tag "a"; its tags: b'
fresh; edit_manifest '.annotations = {x: "1"}'; edit_index --argjson old "$(jq '.manifests[0]' good/index.json)" '.manifests += [$old]'
refused "an ambiguous tag" 'tag "a" is ambiguous'
fresh; edit_index '.manifests[0].mediaType = "application/xml"'; refused "an unknown media type of a tag" 'media type "application/xml"'
fresh
jq '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [.manifests[0] | .platform = {os: "linux", architecture: ("riscv64", "s390x")}]}' l/index.json >inner.new
edit_index --argjson new "$(put_blob inner.new)" '.manifests[0] = $new + {mediaType: "application/vnd.oci.image.index.v1+json", annotations: .manifests[0].annotations}'
edit_index . ; refused "several platforms, none fits" "only for linux/riscv64" --platform linux/arm64
refused "a platform that is none" "expected OS/ARCHITECTURE" --platform arm64

# --- manifest and config ------------------------------------------------------------------------------
fresh; truncate -s -1 "$(blob "$(manifest_digest)")"; refused "I13: a truncated manifest" "is truncated"
fresh; truncate -s +1 "$(blob "$(manifest_digest)")"; refused "I13: a manifest that is too long" "is too long"
fresh; sed -i s/sha256/sha257/ "$(blob "$(manifest_digest)")"; refused "I13: a damaged manifest" "is damaged"
fresh; rm "$(blob "$(manifest_digest)")"; refused "a missing manifest" "is missing"
fresh; big=$(blob "$(manifest_digest)"); truncate -s 5M "$big"; edit_index '.manifests[0].size = 5242880'; refused "I18: a manifest of 5 MiB" "a document may have 4194304"
fresh; ln -sf /etc/passwd "$(blob "$(manifest_digest)")"; refused "I17: a linked manifest" "is not a regular file"
fresh; edit_manifest '.schemaVersion = 1'; refused "a manifest of another schema" "schemaVersion: is 1"
fresh; edit_manifest '.manifests = []'; refused "I15: a manifest that is an index too" "manifests: is there"
fresh; edit_manifest '.mediaType = "application/vnd.oci.image.index.v1+json"'; refused "I15: a manifest that calls itself an index" "as its descriptor says"
fresh; edit_manifest 'del(.config)'; refused "a manifest without config" "config: is required"
fresh; edit_manifest '.config.mediaType = "application/vnd.example+json"'; refused "an artifact" "not a container image"
fresh; rm "$(blob "$(manifest .config.digest)")"; refused "a missing config" "is missing"
fresh; edit_config 'del(.rootfs)'; refused "I16: a config without rootfs" "rootfs: is required"
fresh; edit_config '.rootfs.type = "tarsum"'; refused "an unknown rootfs type" 'rootfs.type: is "tarsum"'
fresh; edit_config 'del(.rootfs.diff_ids[0])'; refused "I16: fewer diff ids than layers" "has 2 layers, but its config has 1 diff id"
fresh; edit_config '.os = "windows"'; refused "an image for another system" "only linux"
fresh; edit_config '.config.User = "mallory"'; refused "a user who is not in the image" 'user "mallory" is not in the image'
fresh; edit_config '.config.User = "4294967296"'; refused "a user id out of range" "is not a user id"
fresh; edit_config '.config.WorkingDir = "srv"'; refused "a relative working directory" "config.WorkingDir"
fresh; edit_config '.config.Env = "A=1"'; refused "an environment that is no array" "config.Env"

# --- layers -------------------------------------------------------------------------------------------
layer() { blob "$(manifest ".layers[$1].digest")"; }
fresh; rm "$(layer 1)"; refused "a missing layer" "layers[1]"
fresh; truncate -s -1 "$(layer 0)"; refused "I13: a truncated layer" "is truncated"
fresh; truncate -s +1 "$(layer 0)"; refused "I13: a layer that is too long" "is too long"
fresh; printf 'X' | dd of="$(layer 0)" bs=1 seek=50000 conv=notrunc status=none; refused "I13: a damaged layer" "layers[0]"
fresh; head -c 50000 "$(layer 0)" >cut-off; edit_manifest --argjson new "$(put_blob cut-off)" '.layers[0] += $new'
refused "a layer whose compression ends too early" "layers[0]"
fresh; edit_config '.rootfs.diff_ids[1] = .rootfs.diff_ids[0]'; refused "I13: a wrong diff id" "the uncompressed content has the digest"
fresh; edit_manifest '.layers[1].mediaType = "application/vnd.erofs"'; refused "an unknown layer media type" 'application/vnd.erofs'
fresh; head -c 1000 /dev/urandom >noise; edit_manifest --argjson new "$(put_blob noise)" '.layers[0] += $new'
refused "a layer of noise" "layers[0]"

# --- rows of the list of known attacks, every shape -------------------------------------------------------
for size in 0 1 9223372036854775807 9223372036854775808 -9223372036854775808 1e3; do
    fresh; edit_index ".manifests[0].size = 1"; sed -i "s/\"size\": *1\b/\"size\": $size/" l/index.json; refused "I13: a size of $size" "l"
done
fresh; (gzip -dc "$(layer 0)"; echo trailing garbage) | gzip >garbage; edit_manifest --argjson new "$(put_blob garbage)" '.layers[0] += $new'
refused "I13: bytes after the end of the archive" "the uncompressed content has the digest"
for digest in sha256:../../canary SHA256:abc "sha256:$(printf 'A%.0s' {1..64})" 'sha256:x?y' "" sha256: "sha512:$(printf 'a%.0s' {1..64})"; do
    fresh; edit_manifest --arg d "$digest" '.config.digest = $d'; refused "I14: config digest '${digest:0:20}'" "config.digest"
    fresh; edit_manifest --arg d "$digest" '.layers[1].digest = $d'; refused "I14: layer digest '${digest:0:20}'" "layers[1].digest"
    fresh; edit_config --arg d "$digest" '.rootfs.diff_ids[0] = $d'; refused "I14: diff id '${digest:0:20}'" "rootfs.diff_ids[0]"
done
echo canary >canary
fresh
for object in index.json oci-layout blobs blobs/sha256 "$(blob "$(manifest_digest)")" "$(blob "$(manifest .config.digest)")" "$(layer 0)"; do
    object=${object#l/}
    for kind in link fifo directory; do
        fresh; mv "l/$object" moved
        case $kind in
            link) ln -s "$PWD/moved" "l/$object" ;;
            fifo) mkfifo "l/$object" ;;
            directory) mkdir "l/$object" ;;
        esac
        refused "I17: $kind instead of ${object:0:24}" "l"
        check_fails "I17: copy of $kind instead of ${object:0:24}" 1 "l" timeout 60 "$ocimg" copy -q oci:l:a oci:copied:a
        rm -rf copied
        rm -rf moved
    done
done
check_output "the canary is untouched" canary cat canary
fresh
for object in index.json oci-layout "$(blob "$(manifest_digest)")" "$(blob "$(manifest .config.digest)")"; do
    fresh; truncate -s 10G "l/${object#l/}"
    refused "I18: 10 GiB of ${object:0:24}" "l"
done
truncate -s 10G manifest.json && tar --create --sparse --format=gnu --file big.tar manifest.json && rm manifest.json
check_fails "I18: 10 GiB of an archive's manifest.json" 1 "manifest.json" timeout 60 "$ocimg" copy -q docker-archive:big.tar oci:copied:a
check_not "I18: and nothing is left" test -e copied

# --- writers leave a broken layout alone --------------------------------------------------------------
fresh; printf '[' >l/index.json
check_fails "append to a broken layout" 1 "l/index.json:1:" "$ocimg" append --image l:a more
check_output "the broken index is unchanged" "[" cat l/index.json
fresh
before=$(find l -type f | LC_ALL=C sort | xargs sha256sum)
check_fails "append without space for a directory" 1 "no such file or directory" "$ocimg" append --image l:a absent
check_fails "config with a broken value" 1 "expected NAME=VALUE" "$ocimg" config --image l:a --env A
check_fails "config of an absent tag" 1 'has no tag "x"' "$ocimg" config --image l:x --env A=1
check_output "failed writers change nothing" "$before" sh -c 'find l -type f | LC_ALL=C sort | xargs sha256sum'
echo "hostile layouts: $shapes shapes"
check "at least 90 shapes" test "$shapes" -ge 90
finish
