#!/bin/bash
# Names of images: the default store, layouts, and what tells them apart (docs/names.md).
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

command -v jq >/dev/null || skip_all "jq is not installed"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
export OCIMG_STORE=$test_dir/deep/store
unset SOURCE_DATE_EPOCH
tags() { jq -r '[.manifests[].annotations["org.opencontainers.image.ref.name"]] | sort | join(" ")' "$1/index.json"; }

mkdir -p files/bin
echo hello >files/bin/hello

# --- the store ----------------------------------------------------------------------------------------
check_output "a store that is not there holds nothing" "NAME  PLATFORM  DIGEST  SIZE  CREATED" "$ocimg" list
check "looking does not make it" test ! -e deep
check_fails "an image is missed in no store" 1 'there is no image "debian:12": the store' "$ocimg" inspect debian:12
check "an image of the store is made, and the store" "$ocimg" new app:1
check_output "its tag is the full name" docker.io/library/app:1 tags "$OCIMG_STORE"
check_output "the store is its owner's" 700 stat -c %a "$OCIMG_STORE"
check_fails "the same name in full is the same image" 1 "exists already" "$ocimg" new docker.io/library/app:1
check "append to it" "$ocimg" append app:1 files
check "append under another name" "$ocimg" append app:1 --tag localhost:5000/team/app:2 files
check_output "which is normalised too" "docker.io/library/app:1 localhost:5000/team/app:2" tags "$OCIMG_STORE"
check "config by argument" "$ocimg" config app:1 --cmd /bin/hello
check_match "inspect by argument" 'Command: +\["/bin/hello"\]' "$ocimg" inspect app:1
check "unpack by argument" "$ocimg" unpack app:1 bundle
check_output "the file is there" hello cat bundle/rootfs/bin/hello
check "a layer from another directory than the image's name" "$ocimg" append --tag app:3 app:1 files
digest=$(jq -r '.manifests[0].digest' "$OCIMG_STORE/index.json")
check_match "an image by digest alone" "Manifest: +$digest" "$ocimg" inspect "$digest"
check_match "an image by name and digest" "Manifest: +$digest" "$ocimg" inspect "app@$digest"
check_match "an image by name, tag and digest" "Manifest: +$digest" "$ocimg" inspect "app:1@$digest"
check_fails "the digest of another image" 1 "is not there" "$ocimg" inspect "localhost:5000/team/app:2@$digest"
check_fails "an absent tag lists what there is" 1 'docker.io/library/app:1' "$ocimg" inspect app:none
check_fails "a name that is none" 1 "lower-case letters" "$ocimg" inspect App:1

# --- verbs as they are typed for Docker -----------------------------------------------------------------
check_match "images shows familiar names" '^app:1 +linux/amd64 +[0-9a-f]{12} +[0-9.]+ k?B +1970-01-01T00:00:00Z$' "$ocimg" images
check_output "images --quiet prints digests" "$(jq -r '.manifests[].digest' "$OCIMG_STORE/index.json" | sort)" \
    bash -c "'$ocimg' images -quiet | sort"
check "tag" "$ocimg" tag app:1 other/name
check_output "the new tag names the same image" "$digest" jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "docker.io/other/name:latest").digest' "$OCIMG_STORE/index.json"
check_match "tag by the digits that images shows" '"tag": "docker.io/library/short:latest"' "$ocimg" tag --json "$(echo "$digest" | cut -c8-19)" short
check_fails "a tag of another place is not a tag" 1 "of the store as the image is" "$ocimg" tag app:1 ./l:x
check_fails "an absent image is not tagged" 1 "its tags: docker.io/library/app:1" "$ocimg" tag none:1 x
check_output "rmi" "Untagged: other/name:latest $digest" "$ocimg" rmi other/name
check_fails "rmi of an absent tag names what there is" 1 'has no tag "docker.io/library/absent:1"' "$ocimg" rmi short absent:1
check "and removes nothing" grep -q library/short "$OCIMG_STORE/index.json"
check_match "rmi by digest takes every tag" 'Untagged: short:latest' "$ocimg" rmi "$digest"
check_not "all of them" grep -q "$digest" "$OCIMG_STORE/index.json"
check_match "remove --json" '"tag": "docker.io/library/app:3"' "$ocimg" remove --json app:3
check "append again" "$ocimg" new app:1
check "append again" "$ocimg" append app:1 files --created-by "$(printf 'RUN x%.0s' {1..40})" --created 2020-02-02T02:02:02Z
check "config again" "$ocimg" config app:1 --cmd /bin/hello
check_match "history, newest first" '^- +1970-01-01T00:00:00Z +ocimg config: cmd +0 B$' "$ocimg" history app:1
check_match "with layers and sizes" '^[0-9a-f]{12} +2020-02-02T02:02:02Z +RUN xRUN.*\.\.\. +[0-9]+ B$' "$ocimg" history app:1
check_match "history --no-trunc" '^sha256:[0-9a-f]{64} .*xRUN x +[0-9]+ B$' "$ocimg" history --no-trunc app:1
check_output "history --json, oldest first" '[false,true]' bash -c "'$ocimg' history --json app:1 | jq -c 'map(.empty_layer)'"

# --- layouts ------------------------------------------------------------------------------------------
check "--image makes a layout, not a name of the store" "$ocimg" new --image layout:latest
check_output "it stands in the directory" latest tags layout
check "a directory that is a layout is one as an argument too" "$ocimg" append layout:latest files
check_match "a path is a layout" '^Image: +./layout:latest' "$ocimg" inspect ./layout:latest
check_match "the transport oci:" '^Image: +layout:latest' "$ocimg" inspect oci:layout:latest
check "the transport oci: after --image" "$ocimg" inspect --image oci:layout:latest
check_fails "a path that is no layout is not looked for in the store" 1 'layout "./app": no such file' "$ocimg" inspect ./app:1
check "a layout shadows a name of the store" "$ocimg" new --image app:1
check_not "which is seen by its content" grep -q hello <("$ocimg" inspect app:1)
rm -r app
check_match "and no longer when it is gone" hello "$ocimg" inspect app:1
check "an empty layout is still made" "$ocimg" new empty
check_output "and listed" "TAG  PLATFORM  DIGEST  SIZE  CREATED" "$ocimg" list empty

check "tag in a layout" "$ocimg" tag layout:latest two
check "tag by the layout's own name" "$ocimg" tag --image layout:latest layout:docker.io/library/x:1
check_output "both are there" "docker.io/library/x:1 latest two" tags layout
check_match "history sees it" "ocimg append" "$ocimg" history ./layout:two
check "remove from a layout" "$ocimg" remove layout:two
check_fails "a layout alone is not removed by mistake" 1 "names no image" "$ocimg" remove ./layout
check "remove --all" "$ocimg" remove --all ./layout
check_output "nothing is there any more" "" tags layout
check_output "remove --all of nothing is fine" "[]" "$ocimg" remove --all --json ./layout

# --- places that are only read, or not at all -----------------------------------------------------------
check_fails "an image in an archive is not changed" 1 "not changed" "$ocimg" config oci-archive:a.tar:x --cmd x
check_fails "an image in a registry is not changed" 1 "not changed" "$ocimg" append docker://localhost:1/x files
check_fails "nothing after a transport" 1 "expected docker://REGISTRY/NAME" "$ocimg" inspect docker://
check_fails "no image at all" 1 "no image is named" "$ocimg" inspect
check_fails "one argument too many" 1 "expected 1 argument besides the image, found 2" "$ocimg" unpack --image layout:latest a b

finish
