#!/bin/bash
# What distribution-spec demands of clients, each demand in a check named after its line of spec.md (version 1.1):
#
#   MUST 176      a Docker-Content-Digest of a manifest that is used is verified
#   MUST 191      the same for a blob
#   MUST 486      Content-Type of a manifest's push is its mediaType
#   MUST 546      without OCI-Subject in the answer, the referrers tag is written
#   MUST 550      from an empty index when there is none
#   MUST 553      with the manifest's artifactType
#   MUST 554      else the config's media type
#   MUST 555      with the manifest's annotations
#   MUST 708      a referrers API that answers 404 leads to the referrers tag (listing)
#   MUST 779      older and partial registries are supported
#   MUST 780      what is optional there has its fallback
#   MUST 784      a client that pushes a subject looks whether the registry took note of it
#   MUST 785      a client that asks for referrers falls back to the tag (clients)
#   MUST NOT 825  no Authorization crosses a host boundary
#   MUST NOT 922  warnings are told, and nothing follows from them
#
# and, in checks named SHAPE, what it says of the requests that a client makes: 147-158 names, 307 and 308 sizes and
# digests, 329 and 364-392 chunks, 408 the closing PUT, 789-791 the referrers tag.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry jq curl ip python3; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
script=$(realpath "$0")
scripted=$(realpath "$here/../support/hostile_registry.py")
export PYTHONDONTWRITEBYTECODE=1
enter_network "$@"
OCI_TEST_LAYER_SIZE=50000
plain=127.0.0.1:5000 # it has no referrers API and sets no OCI-Subject
start_registry plain 5000
make_image lay:one || exit 1
one=$(digest_of lay one)
python3 "$scripted" log 2>server.err </dev/null & # it takes note of subjects
wait_until 10 port_answers 6001
host=127.0.0.1:6001

empty=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
printf '{}' >"lay/blobs/sha256/${empty#sha256:}"
add_referrer() { # ARTIFACT-TYPE ANNOTATION: a manifest in lay that has the image as its subject
    jq -ncj --arg d "$one" --argjson s "$(stat -c %s "lay/blobs/sha256/${one#sha256:}")" --arg e "$empty" --arg t "$1" --arg a "$2" \
        '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json"} + (if $t == "" then {} else {artifactType: $t} end) +
         {config: {mediaType: "application/vnd.test.config", digest: $e, size: 2}, layers: [],
          subject: {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: $s}, annotations: {note: $a}}' >referrer
    referrer=sha256:$(sha256sum <referrer | cut -d' ' -f1)
    cp referrer "lay/blobs/sha256/${referrer#sha256:}"
    jq --arg d "$referrer" --argjson s "$(stat -c %s referrer)" '.manifests += [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d, size: $s}]' \
        lay/index.json >new && mv new lay/index.json
}
add_referrer application/vnd.test.signature one && signature=$referrer
add_referrer "" two && sbom=$referrer
tag=$(echo "$one" | tr : -)
in_tag() { # REPOSITORY FILTER: of the index under the referrers tag
    curl -sf -H 'Accept: application/vnd.oci.image.index.v1+json' "http://$plain/v2/$1/manifests/$tag" | jq -cr "$2"
}
requests() { jq -r "select($1) | $2" log; } # of the scripted registry's log

# --- verification ------------------------------------------------------------------------------------------
check_fails "MUST 176: a manifest that does not have the digest of the header is refused" any "the registry says digest" \
    "$ocimg" copy -q docker://$host/m18-header:1 oci:x:1
check_fails "MUST 191: a blob that does not have its digest is refused" any "another digest" "$ocimg" copy -q docker://$host/m18-blob:1 oci:x:1
check_not "MUST 191: and not kept" test -e x/.ocimg-partial

# --- pushing -------------------------------------------------------------------------------------------------
: >log
check "an image is pushed" "$ocimg" push -q ./lay:one $host/push-type:1
check_output "MUST 486: Content-Type is the mediaType" application/vnd.oci.image.manifest.v1+json \
    requests '.method == "PUT" and (.path | contains("/manifests/"))' '.headers["content-type"]'
check_output "SHAPE 307: Content-Length is the blob's size" \
    "$(jq -r '.config.size, .layers[].size' "lay/blobs/sha256/${one#sha256:}" | sort -n)" \
    sh -c "jq -r 'select(.method == \"PUT\" and (.path | contains(\"/uploads/\"))) | .headers[\"content-length\"]' log | sort -n"
check_output "SHAPE 308: digest is the blob's" \
    "$(jq -r '.config.digest, .layers[].digest' "lay/blobs/sha256/${one#sha256:}" | sort)" \
    sh -c "jq -r 'select(.method == \"PUT\" and (.path | contains(\"/uploads/\"))) | .path' log | sed 's/.*digest=//; s/%3A/:/' | sort"
: >log
check "an image is pushed in chunks" "$ocimg" push -q --chunk-size 20k ./lay:one $host/push-chunks:1
check_output "SHAPE 329: the POST says that it has no content" 0 \
    sh -c "jq -r 'select(.method == \"POST\") | .headers[\"content-length\"]' log | sort -u"
chunks_follow() { # for each upload: the ranges begin with 0, each one after the other, both ends inclusive
    jq -rs '[.[] | select(.method == "PATCH")] | group_by(.path) | map([.[] | .headers["content-range"]] |
        (.[0] | startswith("0-")) and all(.[]; test("^[0-9]+-[0-9]+$")) and
        ([.[] | split("-") | map(tonumber)] | . as $r | all(range(1; length); $r[.][0] == $r[. - 1][1] + 1))) | all' log
}
check_output "SHAPE 364, 365, 366, 387: chunks come in order, and their ranges say so" true chunks_follow
check_output "SHAPE 392, 408: a PUT with the whole blob's digest closes each upload" 3 \
    sh -c "jq -r 'select(.method == \"PUT\" and (.path | contains(\"/uploads/\"))) | .path' log | grep -c 'digest=sha256%3A[0-9a-f]*$'"
for name in UPPER/a:1 a//b:1 a/-b:1 a:.tag "a:$(printf '%0129d' 0)" a@sha256:123; do
    check_fails "SHAPE 147, 149, 158: $(echo "$name" | cut -c1-20) is never asked for" any "is not an image reference" "$ocimg" pull -q "$plain/$name"
done

# --- subjects ------------------------------------------------------------------------------------------------
check_output "an image with its referrers is pushed" "$one" "$ocimg" copy -q --referrers ./lay:one docker://$plain/r/app:1
check_output "MUST 546: without OCI-Subject the referrers tag is written" 2 in_tag r/app '.manifests | length'
check_output "MUST 550: it begins as an empty index" 'application/vnd.oci.image.index.v1+json 2' in_tag r/app '"\(.mediaType) \(.schemaVersion)"'
check_output "MUST 553: the artifact type is the manifest's" application/vnd.test.signature \
    in_tag r/app ".manifests[] | select(.digest == \"$signature\") | .artifactType"
check_output "MUST 554: else it is the config's media type" application/vnd.test.config \
    in_tag r/app ".manifests[] | select(.digest == \"$sbom\") | .artifactType"
check_output "MUST 555: annotations are copied" '["one","two"]' in_tag r/app '[.manifests[].annotations.note] | sort'
check_output "SHAPE 789, 790, 791: the tag is algorithm, -, and digits" "sha256-${one#sha256:}" echo "$tag"
check "pushed again" "$ocimg" copy -q --referrers ./lay:one docker://$plain/r/app:1
check_output "nobody is listed twice" 2 in_tag r/app '.manifests | length'
: >log
check "MUST 784: the answer to a push with a subject is looked at" "$ocimg" copy -q "./lay@$signature" docker://$host/subject-noted:1
check_not "MUST 784: a registry that took note of it gets no referrers tag" grep -q "manifests/sha256-" log
check_output "MUST 784: one that did not gets it" "$signature" sh -c "$ocimg copy -q ./lay@$signature docker://$plain/r/alone:1 >/dev/null;
    curl -sf -H 'Accept: application/vnd.oci.image.index.v1+json' http://$plain/v2/r/alone/manifests/$tag | jq -r '.manifests[].digest'"

# --- referrers -----------------------------------------------------------------------------------------------
"$ocimg" copy -q --debug --referrers docker://$plain/r/app:1 docker://$plain/r/copy:1 2>trace >copied
check_output "MUST 708: a 404 of the referrers API" 404 sh -c "sed -n 's,.*/r/app/referrers/$one -> ,,p' trace | sort -u"
check_output "MUST 708: leads to the referrers tag" 200 sh -c "sed -n 's,.*GET .*/r/app/manifests/$tag -> ,,p' trace | sort -u"
check_output "MUST 785: and what is listed there is copied" 2 in_tag r/copy '.manifests | length'
check_output "MUST 785: also into a layout" "$one" "$ocimg" copy -q --referrers docker://$plain/r/app:1 oci:referrers:1
check_output "MUST 785: it has image and referrers" 3 jq '.manifests | length' referrers/index.json
check "MUST 779, 780: a registry without referrers API loses a referrer" "$ocimg" delete "docker://$plain/r/app@$sbom"
check_output "MUST 780: and the referrers tag forgets it" "$signature" in_tag r/app '.manifests[].digest'
check_fails "MUST 779: one that deletes no tags is told from one that fails" any "@sha256:" "$ocimg" delete docker://$plain/r/app:1

# --- hosts and warnings --------------------------------------------------------------------------------------
: >log
check "MUST NOT 825: a redirect to another server is followed" "$ocimg" copy -q --creds user:secret-password docker://$host/n02-307:1 oci:y:1
check_output "MUST NOT 825: without Authorization" 0 sh -c "jq -s '[.[] | select(.origin == \"127.0.0.1:6003\" and .headers.authorization)] | length' log"
"$ocimg" copy -q docker://$host/plain:1 oci:ordinary:1 >/dev/null
: >log
check_output "MUST NOT 922: a registry that warns is used like any other" "$(digest_of ordinary 1)" "$ocimg" copy -q docker://$host/warnings:1 oci:z:1
cp "$test_err" warned
warned=$(jq -r '.method + " " + .path' log | sed 's,/warnings/,/plain/,' | sort)
: >log
"$ocimg" copy -q docker://$host/plain:1 oci:z2:1 >/dev/null
check_output "MUST NOT 922: with the same requests" "$warned" sh -c "jq -r '.method + \" \" + .path' log | sort"
check_output "MUST NOT 922: the user is told, once" 1 grep -c "this registry is old" warned

# Every line of the table has its check.
for line in 176 191 486 546 550 553 554 555 708 779 780 784 785 825 922; do
    check "the check of line $line is there" grep -qE "^ *check[a-z_]* \"MUST( NOT)?( [0-9]+,)* $line[,:]" "$script"
done
finish
