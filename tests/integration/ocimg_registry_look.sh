#!/bin/bash
# Looking at images in a registry: with credentials and certificates of the command line, without fetching layers,
# and without leaving anything behind; what is attached to an image is asked of the registry.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry jq curl openssl ip python3; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
enter_network "$@"

make_certificates tls
python3 -W ignore - <<'PY' >passwords
import crypt
print("user:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)).replace("$2b$", "$2y$"))
PY
start_registry closed 5443 "  tls: {certificate: $test_dir/tls/server.crt, key: $test_dir/tls/server.key}" \
    "auth: {htpasswd: {realm: closed, path: $test_dir/passwords}}"
closed=localhost:5443
access=(--creds user:secret --cert-dir "$test_dir/only-ca")
mkdir only-ca && cp tls/ca.crt only-ca/
make_image lay:one || exit 1
make_image lay:arm linux/arm64 || exit 1
check "an index is made" "$ocimg" index create lay:both ./lay:one ./lay:arm
check "and pushed" "$ocimg" push -q "${access[@]}" ./lay:both $closed/a/both:1
both=docker://$closed/a/both:1
one=$(digest_of lay one)
arm=$(digest_of lay arm)

# --- documents only ------------------------------------------------------------------------------------------
inspect_json() { "$ocimg" inspect --json "$@" | jq -r .descriptor.digest; }
check_output "inspect" "$one" inspect_json "${access[@]}" $both
check_output "another platform" "$arm" inspect_json "${access[@]}" --platform linux/arm64 $both
check_output "tells the name, not a temporary file" "Image:        $both" sh -c "'$ocimg' inspect ${access[*]} $both | head -1"
index_platforms() { "$ocimg" inspect "${access[@]}" --index $both | jq -r '.manifests[].platform.architecture' | tr '\n' ' '; }
check_output "the index" "amd64 arm64 " index_platforms
raw_digest() { "$ocimg" inspect "${access[@]}" --index --raw $both | sha256sum | cut -d' ' -f1; }
check_output "its very bytes" "$(digest_of lay both | cut -d: -f2)" raw_digest
raw_manifest() { "$ocimg" inspect "${access[@]}" --raw --platform linux/arm64 $both | sha256sum | cut -d' ' -f1; }
check_output "those of a manifest" "${arm#sha256:}" raw_manifest
steps() { "$ocimg" history "${access[@]}" --json $both | jq length; }
check_output "history" "$(jq '.history | length' "lay/blobs/sha256/$(jq -r .config.digest "lay/blobs/sha256/${one#sha256:}" | cut -d: -f2)")" steps
"$ocimg" inspect "${access[@]}" --debug $both >/dev/null 2>trace
check_output "two manifests and a config are asked for, no layer" "3" grep -cE "GET .*/(manifests|blobs)/.* -> 200" trace
check_not "no store is made" test -e store
check "no temporary layout stays" sh -c '! ls -d ocimg-*'

# --- whole images ----------------------------------------------------------------------------------------------
check_output "cat" "lay:one" sh -c "'$ocimg' cat ${access[*]} $both /name | tr -d ' '"
check "files" "$ocimg" files "${access[@]}" $both /
check "tree" "$ocimg" tree "${access[@]}" $both
check "diff with a layout" "$ocimg" diff "${access[@]}" --exit-code $both ./lay:one
check "unpack" "$ocimg" unpack "${access[@]}" $both bundle
check "unpack of another platform" "$ocimg" unpack "${access[@]}" --platform linux/arm64 $both arm-bundle
check_output "is that platform's" "lay:arm linux/arm64" cat arm-bundle/rootfs/name
rm -r store

# --- what is attached ------------------------------------------------------------------------------------------
echo '{"signed": true}' >signature
check "something is attached" "$ocimg" attach --image lay:one --artifact-type application/x-test signature
push_all() { "$ocimg" copy -q --referrers --dest-creds user:secret --dest-cert-dir "$test_dir/only-ca" "./lay:$1" "docker://$closed/a/$1:1"; }
check "and pushed with the image" push_all one
check "and with the index" push_all both
attached() { "$ocimg" referrers "${access[@]}" "$@" --json | jq -r '.manifests[].artifactType'; }
check_output "referrers asks the registry" application/x-test attached docker://$closed/a/one:1
check_output "of a type that nothing has" "" attached --artifact-type application/x-other docker://$closed/a/one:1
check_output "of one image of an index" application/x-test attached --platform linux/amd64 $both
check_output "the index has none" "" attached $both
check_not "the store is not needed for it" test -e store

# --- errors ----------------------------------------------------------------------------------------------------
for verb in inspect history referrers cat files tree unpack; do
    more=()
    case $verb in
        cat) more=(/name) ;;
        unpack) more=(unwanted) ;;
    esac
    check_fails "$verb without a password names the registry with its port" 1 "localhost:5443/a/both" \
        "$ocimg" $verb --cert-dir "$test_dir/only-ca" $both "${more[@]}"
    check_fails "$verb does not trust the certificate by itself" 1 "certificate" "$ocimg" $verb --creds user:secret $both "${more[@]}"
done
check_fails "pull of what is not there" 1 "localhost:5443/a/none" "$ocimg" pull -q "${access[@]}" $closed/a/none:1
check_not "none of them has made a store" test -e store
check_fails "copy of what is not there" 1 "localhost:5443/a/none" "$ocimg" copy -q "${access[@]}" docker://$closed/a/none:1 oci:new:1
check_not "nor a layout" test -e new
check_not "nor a bundle" test -e unwanted
finish
