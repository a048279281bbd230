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
check_output "a store that is not there holds nothing" "TAG  PLATFORM  DIGEST" "$ocimg" list
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
check_output "and listed" "TAG  PLATFORM  DIGEST" "$ocimg" list empty

# --- places that are only read, or not at all -----------------------------------------------------------
check_fails "an image in an archive is not changed" 1 "not changed" "$ocimg" config oci-archive:a.tar:x --cmd x
check_fails "an image in a registry is not changed" 1 "not changed" "$ocimg" append docker://localhost:1/x files
check_fails "nothing after a transport" 1 "expected docker://REGISTRY/NAME" "$ocimg" inspect docker://
check_fails "no image at all" 1 "no image is named" "$ocimg" inspect
check_fails "one argument too many" 1 "expected 1 argument besides the image, found 2" "$ocimg" unpack --image layout:latest a b

finish
