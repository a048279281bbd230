#!/bin/bash
# Looking after a layout: gc, validate, fsck; with writers about, and after damage of every kind.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

command -v jq >/dev/null || skip_all "jq is not installed"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1

blobs() { find "$1/blobs" -type f | wc -l; }
blob_of() { echo "$1/blobs/$(tr : / <<<"$2")"; }
manifest_of() { jq -r --arg tag "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag).digest' "$1/index.json"; }
layer_of() { jq -r '.layers[-1].digest' "$(blob_of "$1" "$(manifest_of "$1" "$2")")"; }
config_of() { jq -r .config.digest "$(blob_of "$1" "$(manifest_of "$1" "$2")")"; }

mkdir -p files/etc
head -c 200000 /dev/urandom >files/etc/random
echo one >files/etc/one
"$ocimg" new --image image:one --platform linux/amd64 && "$ocimg" append --image image:one files &&
    "$ocimg" append --image image:one --tag two files && "$ocimg" config --image image:two --cmd sh --tag three || exit 1

# --- gc
check_match "the manifests that tags named before are garbage" '^Removed: sha256:' "$ocimg" gc image
check_match "what tags need is none" '^0 B in 0 files' "$ocimg" gc image --dry-run
check "every image is whole afterwards" "$ocimg" validate image
before=$(blobs image)
"$ocimg" append --image image:one --tag gone files/etc && "$ocimg" rmi --image image:gone || exit 1
touch image/blobs/sha256/.ocimg-123
check_output "a dry run names manifest, config, layer and what was left" 4 sh -c "'$ocimg' gc --dry-run --json image | jq '.removed | length'"
check "M12: gc removes them" "$ocimg" gc image
check_output "and nothing else" "$before" blobs image
check "the layout is valid" "$ocimg" validate image
cp -a image unreadable
printf x >>"$(blob_of unreadable "$(manifest_of unreadable one)")"
before=$(blobs unreadable)
check_fails "a manifest that cannot be read" 1 "$(manifest_of unreadable one)" "$ocimg" gc unreadable
check_output "keeps everything" "$before" blobs unreadable

gc_beside_writers() { # 8 writers of 6 tags each, who remove one again, with gc all the time
    local i j pids=() gc
    : >running
    (while [ -e running ]; do "$ocimg" gc image >/dev/null || touch gc-failed; done) &
    gc=$!
    for i in 1 2 3 4 5 6 7 8; do
        (for j in 1 2 3 4 5 6; do
            echo "$i $j" >"mine-$i" && mkdir -p "dir-$i" && cp "mine-$i" "dir-$i/file" &&
                "$ocimg" append --progress none --image image:one --tag "w$i-$j" "dir-$i" || exit 1
            [ "$j" -ne 3 ] || "$ocimg" rmi --image "image:w$i-2" >/dev/null || exit 1
        done) &
        pids+=($!)
    done
    local status=0
    for i in "${pids[@]}"; do wait "$i" || status=1; done
    rm running
    wait "$gc"
    [ ! -e gc-failed ] && return $status
}
check "M11, M12: writers, rmi and gc at once" gc_beside_writers
check_output "M11: no tag is lost, and those that were removed are gone" 40 sh -c "jq '[.manifests[].annotations[\"org.opencontainers.image.ref.name\"] | select(startswith(\"w\"))] | length' image/index.json"
check "M11: every image is whole" "$ocimg" validate image
"$ocimg" gc image >/dev/null
check_match "M12: a last gc leaves nothing to remove" '^0 B in 0 files' "$ocimg" gc image --dry-run

# --- validate: each damage gives a finding that names the file, the place and the section
finding() { # NAME FILTER: of the layout `bad`; FILTER must hold for one of the findings
    local name=$1 filter=$2
    check_exit "$name: exit code 1" 1 "$ocimg" validate --json bad
    if jq -e "[.findings[] | select($filter)] | length > 0" "$test_out" >/dev/null; then
        passed "$name"
    else
        failed "$name" "no finding has $filter" "$(jq -c .findings "$test_out")"
    fi
    rm -rf bad
}
fresh() { rm -rf bad && cp -a small bad; }
change_index() { fresh && jq "$1" small/index.json >bad/index.json; }
# The manifest (or config) is rewritten under its new digest, with everything that names it.
put_blob() { # FILE: prints "digest size"
    local digest
    digest=$(sha256sum <"$1" | cut -d' ' -f1)
    cp "$1" "bad/blobs/sha256/$digest" && echo "sha256:$digest $(stat -c %s "$1")"
}
set_manifest() { # FILE
    set -- $(put_blob "$1")
    jq --arg d "$1" --argjson s "$2" '.manifests[0].digest = $d | .manifests[0].size = $s' small/index.json >bad/index.json
}
change_manifest() { fresh && jq "$1" "$(blob_of small "$(manifest_of small a)")" >m.json && set_manifest m.json; }
change_config() {
    fresh && jq "$1" "$(blob_of small "$(config_of small a)")" >c.json
    set -- $(put_blob c.json)
    jq --arg d "$1" --argjson s "$2" '.config.digest = $d | .config.size = $s' "$(blob_of small "$(manifest_of small a)")" >m.json
    set_manifest m.json
}
change_layer() { # TAR FILE, uncompressed
    fresh
    local tar=$1 diff=${2-}
    set -- $(put_blob "$tar")
    [ -n "$diff" ] || diff=$1
    jq --arg d "$diff" '.rootfs.diff_ids[0] = $d' "$(blob_of small "$(config_of small a)")" >c.json
    local layer=$1 size=$2
    set -- $(put_blob c.json)
    jq --arg d "$1" --argjson s "$2" --arg l "$layer" --argjson n "$size" '.config.digest = $d | .config.size = $s |
        .layers[0] = {mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $l, size: $n}' \
        "$(blob_of small "$(manifest_of small a)")" >m.json
    set_manifest m.json
}
"$ocimg" new --image small:a --platform linux/amd64 && "$ocimg" append --image small:a files/etc && "$ocimg" gc small >/dev/null || exit 1
check "a good layout has no findings" "$ocimg" validate small
check_output "and says so in JSON" '[]' sh -c "'$ocimg' validate --json small | jq -c .findings"
fresh && touch bad/unknown bad/blobs/other && check "files that the specification does not know are no finding" "$ocimg" validate bad

fresh && rm bad/oci-layout && finding "no oci-layout" '.file == "oci-layout" and (.section | contains("image-layout.md"))'
fresh && echo '{"imageLayoutVersion":"2.0.0"}' >bad/oci-layout && finding "another version" '.pointer == "/imageLayoutVersion"'
fresh && echo '{}' >bad/oci-layout && finding "no version" '.pointer == "/imageLayoutVersion" and .line == 1'
fresh && rm bad/index.json && finding "no index.json" '.file == "index.json"'
fresh && echo '{' >bad/index.json && finding "index.json that is no JSON" '.file == "index.json" and .allowed == "JSON"'
fresh && rm bad/index.json && ln -s /etc/passwd bad/index.json && finding "I17: index.json is a link" '.file == "index.json"'
fresh && rm -r bad/blobs && finding "no blobs" '.file == "blobs"'
change_index '.schemaVersion = 1' && finding "schemaVersion of the index" '.pointer == "/schemaVersion" and (.section | contains("image-index.md"))'
change_index 'del(.schemaVersion)' && finding "no schemaVersion" '.pointer == "/schemaVersion"'
change_index '.mediaType = "application/json"' && finding "mediaType of the index" '.pointer == "/mediaType"'
change_index '.manifests = {}' && finding "manifests that are no array" '.pointer == "/manifests"'
change_index 'del(.manifests[0].mediaType)' && finding "a descriptor without mediaType" '.pointer == "/manifests/0/mediaType" and (.section | contains("descriptor.md"))'
change_index '.manifests[0].mediaType = "nothing"' && finding "a mediaType that is none" '.pointer == "/manifests/0/mediaType"'
change_index 'del(.manifests[0].digest)' && finding "a descriptor without digest" '.pointer == "/manifests/0/digest"'
change_index '.manifests[0].digest = "sha256:../../etc/passwd"' && finding "I14: a digest that is a path" '.pointer == "/manifests/0/digest"'
change_index '.manifests[0].digest |= ascii_upcase' && finding "a digest in capitals" '.pointer == "/manifests/0/digest"'
change_index '.manifests[0].size = -1' && finding "I13: a negative size" '.pointer == "/manifests/0/size"'
change_index '.manifests[0].size += 1' && finding "I13: a wrong size" '.pointer == "/manifests/0/size"'
change_index '.manifests[0].size = "7"' && finding "a size that is a string" '.pointer == "/manifests/0/size"'
change_index '.manifests[0].platform = {"os": "linux"}' && finding "a platform without architecture" '.pointer == "/manifests/0/platform/architecture"'
change_index '.manifests[0].annotations["org.opencontainers.image.ref.name"] = "-a b"' && finding "a name by no grammar" '.pointer == "/manifests/0/annotations/org.opencontainers.image.ref.name"'
change_index '.manifests[0].annotations["a/b~c"] = 7' && finding "an annotation that is a number" '.pointer == "/manifests/0/annotations/a~1b~0c"'
change_index '.annotations = {"org.opencontainers.image.created": "yesterday"}' && finding "a time by no grammar" '.pointer == "/annotations/org.opencontainers.image.created"'
change_index '.manifests[0].data = "AAAA"' && finding "embedded data of another size" '.pointer == "/manifests/0/data"'
fresh && rm "$(blob_of bad "$(layer_of bad a)")" && finding "a layer is missing" '.pointer == "/layers/0/digest" and (.found | contains("missing"))'
fresh && rm "$(blob_of bad "$(config_of bad a)")" && finding "a config is missing" '.pointer == "/config/digest"'
fresh && printf x | dd of="$(blob_of bad "$(layer_of bad a)")" bs=1 seek=100 conv=notrunc status=none && finding "M14: a byte of a layer is another" '(.file | startswith("blobs/sha256/")) and (.section | contains("Blobs"))'
change_manifest '.schemaVersion = 3' && finding "schemaVersion of a manifest" '(.file | startswith("blobs/")) and .pointer == "/schemaVersion" and (.section | contains("manifest.md"))'
change_manifest 'del(.config)' && finding "a manifest without config" '.pointer == "/config"'
change_manifest '.mediaType = "application/vnd.oci.image.index.v1+json"' && finding "I15: a manifest that says it is an index" '.pointer == "/mediaType"'
change_manifest '.layers[0].mediaType = "text/plain"' && finding "a layer of no layer's media type" '.pointer == "/layers/0/mediaType"'
change_manifest '.layers += [.layers[0]]' && finding "more layers than diff ids" '.pointer == "/rootfs/diff_ids"'
change_config '.rootfs.type = "tree"' && finding "rootfs.type" '.pointer == "/rootfs/type" and (.section | contains("config.md"))'
change_config 'del(.architecture)' && finding "a config without architecture" '.pointer == "/architecture"'
change_config '.created = "now"' && finding "created" '.pointer == "/created"'
change_config '.history = []' && check "no history is no finding" "$ocimg" validate bad
change_config '.history += [{"created_by": "x"}]' && finding "history with a layer too many" '.pointer == "/history"'
change_config '.rootfs.diff_ids[0] = "sha256:" + ("0" * 64)' && finding "a wrong diff id" '(.pointer == "/layers/0") and (.section | contains("DiffID"))'
tar -C files/etc --numeric-owner -cf twice.tar one one && change_layer twice.tar && finding "a path twice in a layer" '.found | contains("twice")'
mkdir -p wh && : >wh/.wh. && tar -C wh -cf wh.tar .wh. && change_layer wh.tar && finding "I06: a whiteout of nothing" '.section | contains("Whiteouts")'
echo x >wh/.wh.x && tar -C wh -cf wh.tar .wh.x && change_layer wh.tar && finding "a whiteout with content" '.section | contains("Whiteouts")'
head -c 2000 files/etc/random >noise.tar && change_layer noise.tar && finding "a layer that is no archive" '(.file | startswith("blobs/")) and (.section | contains("layer.md"))'
fresh && jq '.schemaVersion = 1 | .manifests[0].size = 1 | .manifests += [{"mediaType": "x", "digest": "y", "size": -5}]' small/index.json >bad/index.json &&
    check_output "all findings at once, not the first alone" yes sh -c "[ \$('$ocimg' validate bad | grep -c ^index.json) -ge 5 ] && echo yes"
check_fails "no layout at all" 1 "no such file or directory" "$ocimg" validate nowhere

# --- fsck
fresh && check_output "a whole layout is clean" clean "$ocimg" fsck bad
"$ocimg" append --image bad:a --tag b files || exit 1
printf x | dd of="$(blob_of bad "$(layer_of bad b)")" bs=1 seek=10 conv=notrunc status=none
touch bad/blobs/sha256/.ocimg-9
check_exit "damage is told" 1 "$ocimg" fsck bad
check_output "which blob, which image, what is left" "1 b 1" sh -c "'$ocimg' fsck --json bad | jq -r '\"\\(.damagedBlobs | length) \\(.brokenImages[0]) \\(.leftFiles | length)\"'"
check "and repaired" "$ocimg" fsck --repair bad
check "then the layout is valid" "$ocimg" validate bad
check_output "with the image that was whole" a sh -c "'$ocimg' list --json bad | jq -r '.[].tag'"
check_output "and clean" clean "$ocimg" fsck bad
finish
