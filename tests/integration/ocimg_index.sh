#!/bin/bash
# Indexes of several platforms, artifacts and their referrers.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

command -v jq >/dev/null || skip_all "jq is not installed"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
export OCIMG_STORE=$test_dir/store
unset SOURCE_DATE_EPOCH
entry() { jq -r --arg tag "docker.io/library/$1" ".manifests[] | select(.annotations[\"org.opencontainers.image.ref.name\"] == \$tag)$2" store/index.json; }
blob() { echo "store/blobs/sha256/${1#sha256:}"; }
platforms() { "$ocimg" index list --json "$1" | jq -r '[.manifests[].platform | .architecture + (.variant // "")] | join(" ")'; }

mkdir files && echo x >files/x
for arch in amd64 arm64 arm/v7; do "$ocimg" new "app:${arch%%/*}" --platform "linux/$arch" && "$ocimg" append "app:${arch%%/*}" files --created-by "$arch"; done
"$ocimg" new --image far:riscv --platform linux/riscv64 && "$ocimg" append --image far:riscv files

check "create" "$ocimg" index create app:1 app:amd64 app:arm64 --annotation note=x
check_output "it is an index" application/vnd.oci.image.index.v1+json entry app:1 .mediaType
check_output "of two platforms" "amd64 arm64" platforms app:1
check_output "with its annotation" x jq -r .annotations.note "$(blob "$(entry app:1 .digest)")"
check_output "the right one is chosen" arm64 bash -c "'$ocimg' inspect --json --platform linux/arm64 app:1 | jq -r .config.architecture"
check_fails "one that is not there" 1 "only for linux/amd64, linux/arm64" "$ocimg" inspect --platform linux/s390x app:1
before=$(entry app:1 .digest)
check "add, and from another layout" "$ocimg" index add app:1 app:arm ./far:riscv
check_output "four platforms" "amd64 arm64 armv7 riscv64" platforms app:1
check "the copied image is whole" "$ocimg" files --platform linux/riscv64 app:1
check "the old index is still there" test -e "$(blob "$before")"
check "add the same platform again" "$ocimg" append app:arm64 files --tag app:arm64b
check "it takes the place of the other" "$ocimg" index add app:1 app:arm64b
check_output "there are still four" "amd64 arm64 armv7 riscv64" platforms app:1
check "remove by platform" "$ocimg" index remove app:1 linux/arm/v7
check "remove by digest" "$ocimg" index remove app:1 "$("$ocimg" index list --json app:1 | jq -r '.manifests[] | select(.platform.architecture == "riscv64").digest')"
check_output "two are left" "amd64 arm64" platforms app:1
check_fails "remove what is not there" 1 'nothing for "linux/s390x"' "$ocimg" index remove app:1 linux/s390x
check "a tag of one image becomes an index" "$ocimg" index add app:amd64 app:arm64
check_output "of two platforms" "amd64 arm64" platforms app:amd64
check "an index of an index's images" "$ocimg" index create app:all --all app:1
check_output "has both" "amd64 arm64" platforms app:all
check_match "list" '^linux/amd64 +sha256:[0-9a-f]{64} +[0-9]+ +application/vnd.oci.image.manifest' "$ocimg" index list app:1
check_fails "an unknown action" 1 "expected create, add or remove" "$ocimg" index change app:1
check_fails "one image does not replace many" 1 "names several images" "$ocimg" config app:1 --user 1
first=$(entry app:all .digest)
check "create again" "$ocimg" index create app:all2 --all app:1
check_output "the same index" "$first" entry app:all2 .digest

# --- artifacts ----------------------------------------------------------------------------------------
echo '{"spdx": 1}' >sbom.json && echo sig >sig
subject=$(entry app:1 .digest)
check "attach" "$ocimg" attach app:1 sbom.json:application/spdx+json --artifact-type application/spdx+json --annotation by=me
check "attach several files" "$ocimg" attach app:1 sig sbom.json --artifact-type application/x.sig --tag app:sig
check "attach without files" "$ocimg" attach app:1 --artifact-type application/x.mark
check "attach to one platform" "$ocimg" attach app:1 sig --artifact-type application/x.sig --platform linux/arm64
check_output "referrers of the index" "application/spdx+json application/x.sig application/x.mark" \
    bash -c "'$ocimg' referrers --json app:1 | jq -r '[.manifests[].artifactType] | join(\" \")'"
check_output "of one platform" application/x.sig bash -c "'$ocimg' referrers --json --platform linux/arm64 app:1 | jq -r '.manifests[].artifactType'"
check_output "of one type" 1 bash -c "'$ocimg' referrers --json --artifact-type application/x.sig app:1 | jq '.manifests | length'"
check_match "as a table" '^application/spdx\+json +sha256:[0-9a-f]{64} +[0-9]+ +by=me$' "$ocimg" referrers app:1
check_output "none of an image without" '[]' bash -c "'$ocimg' referrers --json app:arm | jq -c .manifests"
artifact=$(blob "$("$ocimg" referrers --json --artifact-type application/spdx+json app:1 | jq -r '.manifests[0].digest')")
check_output "the subject is the index" "$subject" jq -r .subject.digest "$artifact"
check_output "the config is the empty one" '{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="}' jq -c .config "$artifact"
check_output "the file is there by its name" '["application/spdx+json","sbom.json"]' jq -c '.layers[0] | [.mediaType, .annotations["org.opencontainers.image.title"]]' "$artifact"
check_output "and its content" "$(cat sbom.json)" cat "$(blob "$(jq -r '.layers[0].digest' "$artifact")")"
count=$(jq '.manifests | length' store/index.json)
check "attach the same again" "$ocimg" attach app:1 sbom.json:application/spdx+json --artifact-type application/spdx+json --annotation by=me
check_output "nothing is there twice" "$count" jq '.manifests | length' store/index.json
check_fails "an artifact is no image" 1 "this is not a container image" "$ocimg" inspect app:sig
check_fails "no artifact type" 1 "--artifact-type TYPE is required" "$ocimg" attach app:1 sig
check_fails "a file that is not there" 1 'open absent: no such file' "$ocimg" attach app:1 absent --artifact-type application/x.sig
check "artifacts do not make a lone image ambiguous" bash -c "'$ocimg' attach ./far:riscv sig --artifact-type application/x.sig && '$ocimg' inspect ./far --platform linux/riscv64"
if command -v skopeo >/dev/null; then
    check "skopeo copies the index with all images" skopeo copy -q --all oci:store:docker.io/library/app:1 oci:copied:one
    check_output "to the same digest" "$subject" jq -r '.manifests[0].digest' copied/index.json
else
    skip "skopeo copies the index" "skopeo is not installed"
fi

finish
