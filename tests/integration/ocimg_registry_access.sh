#!/bin/bash
# Getting in to real registries: TLS with an authority of one's own, client certificates, passwords, tokens, login and
# logout, mirrors and registries.conf; and what is done there besides copying: list-tags, delete, sync, referrers.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry skopeo jq curl openssl ip python3; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
token_server=$(realpath "$here/../support/token_server.py")
scripted=$(realpath "$here/../support/hostile_registry.py")
export PYTHONDONTWRITEBYTECODE=1
enter_network "$@"
OCI_TEST_LAYER_SIZE=50000
make_certificates certs
python3 - <<'PY' >htpasswd 2>/dev/null || rm -f htpasswd
import crypt
print("me:" + crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)).replace("$2b$", "$2y$"))
PY
start_registry plain 5000
make_image lay:one || exit 1
one=$(digest_of lay one)
plain=127.0.0.1:5000

# --- TLS -------------------------------------------------------------------------------------------------
tls_yaml="  tls: {certificate: $test_dir/certs/server.crt, key: $test_dir/certs/server.key}"
start_registry secure 5001 "$tls_yaml"
start_registry mutual 5002 "  tls: {certificate: $test_dir/certs/server.crt, key: $test_dir/certs/server.key, clientcas: [$test_dir/certs/ca.crt]}"
secure=localhost:5001 mutual=localhost:5002
mkdir authority client && cp certs/ca.crt authority/ && cp certs/ca.crt certs/client.cert certs/client.key client/
check_fails "an unknown authority is refused" any "certificate" "$ocimg" push -q ./lay:one $secure/a:1
check_output "--cert-dir makes it known" "$one" "$ocimg" push -q --cert-dir authority ./lay:one $secure/a:1
check_output "skopeo agrees" "$one" skopeo inspect --cert-dir authority --format '{{.Digest}}' docker://$secure/a:1
mkdir -p home/.config/containers/certs.d/$secure && cp certs/ca.crt home/.config/containers/certs.d/$secure/
check_output "so does certs.d" "$one" "$ocimg" pull -q $secure/a:1
check_output "--tls-verify=false does without" "$one" "$ocimg" copy -q --tls-verify=false docker://127.0.0.1:5001/a:1 oci:unverified:1
check_fails "a registry that wants a client certificate" any "" "$ocimg" push -q --cert-dir authority ./lay:one $mutual/a:1
check_output "gets it from --cert-dir" "$one" "$ocimg" push -q --cert-dir client ./lay:one $mutual/a:1
check_output "each side of a copy has its own" "$one" "$ocimg" copy -q --src-cert-dir authority --dest-cert-dir client \
    docker://$secure/a:1 docker://$mutual/b:1
check_fails "a certificate without key is named" any "has no client.key" sh -c "rm client/client.key; $ocimg pull -q --cert-dir client $mutual/a:1"

# --- passwords ---------------------------------------------------------------------------------------------
if [ -s htpasswd ]; then
    start_registry locked 5003 "" "auth: {htpasswd: {realm: test, path: $test_dir/htpasswd}}"
    locked=127.0.0.1:5003
    check_fails "without credentials nothing is pushed" any "status 401" "$ocimg" push -q ./lay:one $locked/a:1
    check_output "--creds" "$one" "$ocimg" push -q --creds me:secret ./lay:one $locked/a:1
    check_fails "a wrong password is not kept" any "status 401" sh -c "echo wrong | $ocimg login -u me --password-stdin $locked"
    check_not "nothing is in the file" test -e run/containers/auth.json
    check "login" sh -c "echo secret | $ocimg login -u me --password-stdin $locked"
    check_output "the file is for its owner only" 600 stat -c %a run/containers/auth.json
    check_output "login --get-login" me "$ocimg" login --get-login $locked
    check_output "pull after login" "$one" "$ocimg" pull -q $locked/a:1
    check_output "skopeo reads what login kept" "$one" skopeo inspect --authfile run/containers/auth.json --tls-verify=false --format '{{.Digest}}' docker://$locked/a:1
    check "logout" "$ocimg" logout $locked
    check_fails "after logout" any "status 401" "$ocimg" pull -q $locked/a:1
    check "what skopeo's login keeps" skopeo login --authfile skopeo.json --tls-verify=false -u me -p secret $locked
    check_output "is understood" "$one" "$ocimg" pull -q --authfile skopeo.json $locked/a:1
    mkdir bin home/.docker && cat >bin/docker-credential-test <<'SH'
#!/bin/bash
read -r server
[ "$1 $server" = "get 127.0.0.1:5003" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '{"ServerURL":"x","Username":"me","Secret":"secret"}'
SH
    chmod +x bin/docker-credential-test
    echo '{"credHelpers": {"127.0.0.1:5003": "test"}}' >home/.docker/config.json
    check_output "a credential helper of Docker's config.json" "$one" env PATH="$test_dir/bin:$PATH" "$ocimg" pull -q $locked/a:1
    echo '{"credsStore": "test"}' >home/.docker/config.json
    check_output "a credential store" "$one" env PATH="$test_dir/bin:$PATH" "$ocimg" pull -q $locked/a:1
    check_output "that has nothing for another registry" "$one" env PATH="$test_dir/bin:$PATH" "$ocimg" push -q ./lay:one $plain/h:1
    rm home/.docker/config.json
else
    skip "registries with passwords" "python3 makes no bcrypt hash here"
fi

# --- tokens ------------------------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=token -keyout token.key -out token.crt >/dev/null 2>&1
python3 "$token_server" 5010 token.key token.crt token.log </dev/null 2>token.err &
wait_until 10 port_answers 5010
start_registry tokens 5004 "" "auth: {token: {realm: 'http://127.0.0.1:5010/token', service: test, issuer: tester, rootcertbundle: $test_dir/token.crt}}"
tokens=127.0.0.1:5004
check_fails "a token server elsewhere gets no password unasked" any "--trust-host" "$ocimg" push -q --creds me:secret ./lay:one $tokens/a:1
check_output "with --trust-host it does" "$one" "$ocimg" push -q --creds me:secret --trust-host 127.0.0.1:5010 ./lay:one $tokens/a:1
check_output "an anonymous token for pulling" "$one" "$ocimg" pull -q $tokens/a:1
check_fails "is none for pushing" any "" "$ocimg" push -q ./lay:one $tokens/b:1
export OCIMG_TRUSTED_HOSTS=127.0.0.1
check_output "copy inside mounts with a token for both" "$one" "$ocimg" copy -q --creds me:secret docker://$tokens/a:1 docker://$tokens/c:1
: >token.log
check_output "pull again" "$one" "$ocimg" copy -q docker://$tokens/a:1 oci:token-lay:1
check "one token serves all requests of a pull" test "$(wc -l <token.log)" -eq 1
unset OCIMG_TRUSTED_HOSTS

# --- registries.conf -----------------------------------------------------------------------------------------
start_registry cache 5005 "" "proxy: {remoteurl: 'http://127.0.0.1:5000'}"
"$ocimg" push -q ./lay:one $plain/library/app:1 >/dev/null
cat >registries.conf <<CONF
unqualified-search-registries = ["127.0.0.1:5000/none", "docker.io"]
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:5999"
[[registry.mirror]]
location = "127.0.0.1:5998"
[[registry.mirror]]
location = "127.0.0.1:5005"
[[registry]]
prefix = "forbidden.example"
blocked = true
[aliases]
"short" = "127.0.0.1:5000/library/app"
CONF
check_output "a pull-through mirror answers for docker.io, after one that is dead" "$one" "$ocimg" pull -q docker.io/app:1
check_output "the image has the name that was asked for" "$one" digest_of store docker.io/library/app:1
check "and unpacks by its short name" "$ocimg" unpack app:1 bundle
check "the mirror was asked" grep -q /v2/library/app/manifests/ cache.log
check_output "names without registry are searched for" "$one" "$ocimg" pull -q app:1
check_output "an alias" "$one" "$ocimg" pull -q short:1
check_fails "a blocked registry" any "blocks" "$ocimg" pull -q forbidden.example/a:1
echo '[[registry]' >broken.conf
check_fails "a damaged file is named with its line" any "broken.conf:1" "$ocimg" pull -q --registries-conf broken.conf app:1
: >registries.conf

# --- list, delete, sync ----------------------------------------------------------------------------------------
for i in $(seq 12); do "$ocimg" push -q ./lay:one $plain/s/app:v$i; done >/dev/null
check_output "list-tags" 12 sh -c "$ocimg list-tags $plain/s/app | wc -l"
check_output "list-tags --json is what skopeo prints" "$(skopeo list-tags --tls-verify=false docker://$plain/s/app | jq -cS '.Tags | sort')" \
    sh -c "$ocimg list-tags --json $plain/s/app | jq -cS '.Tags | sort'"
check "sync into another registry path" "$ocimg" sync -q docker://$plain/s/app docker://$plain/mirror
check_output "every tag came" 12 sh -c "$ocimg list-tags $plain/mirror/app | wc -l"
: >plain.log
"$ocimg" sync -q --debug docker://$plain/s/app docker://$plain/mirror 2>trace
check "a second sync asks twice a tag" test "$(grep -cE '^ocimg: (GET|HEAD|PUT|POST) http:' trace)" -le 26
check "sync of some tags into a layout" "$ocimg" sync -q --tag 'v1?' --scoped docker://$plain/s/app oci:mirror
check_output "under their names" 3 jq '.manifests | length' mirror/index.json
printf '%s\n' "# what we need" "$plain/s/app:v1" "$plain/none/such:1" >images.txt
check_fails "--keep-going tells at the end" any "1 image could not" "$ocimg" sync -q --keep-going --from images.txt docker://$plain/listed
check_output "the other one came" "$one" remote_digest $plain/listed/app v1
check_output "--dry-run copies nothing" "$plain/s/app:v3" "$ocimg" sync --dry-run --tag v3 docker://$plain/s/app docker://$plain/dry
check_fails "a tag that the registry does not delete" any "@sha256:" "$ocimg" delete docker://$plain/s/app:v3
check "by digest it does" "$ocimg" delete "docker://$plain/s/app@$one"
check_fails "it is gone" any "status 404" "$ocimg" pull -q $plain/s/app:v3
check_fails "delete without tag and digest" any "neither tag nor digest" "$ocimg" delete docker://$plain/s/app

# --- archives ----------------------------------------------------------------------------------------------------
check_output "into an oci-archive" "$one" "$ocimg" copy -q ./lay:one oci-archive:one.tar:1
check "skopeo reads it" skopeo copy -q oci-archive:one.tar:1 oci:from-archive:1
check_output "with the same digest" "$one" digest_of from-archive 1
check_output "and out of it into a registry" "$one" "$ocimg" push -q oci-archive:one.tar:1 $plain/arch/one:1
"$ocimg" copy -q ./lay:one oci-archive:two.tar:1 >/dev/null
check "the same image gives the same archive" cmp one.tar two.tar
check "skopeo writes one" skopeo copy -q oci:lay:one oci-archive:skopeo.tar:x
check_output "ocimg reads it" "$one" "$ocimg" copy -q oci-archive:skopeo.tar:x oci:from-skopeo-archive:1
gzip -k skopeo.tar
check_output "a compressed one too" "$one" "$ocimg" copy -q oci-archive:skopeo.tar.gz oci:from-gz:1
check "an archive is unpacked as it is" "$ocimg" unpack oci-archive:one.tar:1 archive-bundle
check "no temporary layout is left" sh -c "! ls -d $test_dir/ocimg-* 2>/dev/null"
check "into a docker-archive" "$ocimg" copy -q ./lay:one docker-archive:docker.tar:test/app:1
check_output "docker load finds its name" '["test/app:1"]' sh -c "tar xOf docker.tar manifest.json | jq -c '.[0].RepoTags'"
check "skopeo reads it" skopeo copy -q docker-archive:docker.tar oci:from-docker-archive:1
check "and ocimg" "$ocimg" copy -q docker-archive:docker.tar:test/app:1 oci:again:1
check "they unpack" "$ocimg" unpack ./again:1 again-bundle
check "to the same files" diff -r archive-bundle/rootfs again-bundle/rootfs
check "skopeo writes a docker-archive" skopeo copy -q oci:lay:one docker-archive:skopeo-docker.tar:test/app:2
check "ocimg unpacks it" "$ocimg" unpack docker-archive:skopeo-docker.tar:test/app:2 skopeo-bundle
check "to the same files" diff -r archive-bundle/rootfs skopeo-bundle/rootfs
check_fails "a name that is not in the archive" any "test/app:2" "$ocimg" copy -q docker-archive:skopeo-docker.tar:other:1 oci:x:1
head -c 100000 one.tar >cut.tar
check_not "a truncated archive" "$ocimg" copy -q oci-archive:cut.tar:1 oci:cut:1
check_not "leaves no name" grep -q ref.name cut/index.json

# --- referrers and the client's duties (distribution-spec) -----------------------------------------------------------
python3 "$scripted" log 2>server.err </dev/null &
wait_until 10 port_answers 6001
host=127.0.0.1:6001
subject_digest=$one
empty=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
printf '{}' >"lay/blobs/sha256/${empty#sha256:}"
add_referrer() { # ARTIFACT-TYPE ANNOTATION: a manifest in lay that has the image as its subject
    jq -ncj --arg d "$subject_digest" --argjson s "$(stat -c %s "lay/blobs/sha256/${subject_digest#sha256:}")" --arg e "$empty" --arg t "$1" --arg a "$2" \
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
accept='Accept: application/vnd.oci.image.index.v1+json'
check_output "copy --referrers" "$one" "$ocimg" copy -q --referrers ./lay:one docker://$plain/r/app:1
check_output "spec 546: without OCI-Subject the referrers tag is written" 2 sh -c "curl -s -H '$accept' http://$plain/v2/r/app/manifests/$tag | jq '.manifests | length'"
check_output "spec 550: from an empty index, of the right type" application/vnd.oci.image.index.v1+json sh -c "curl -s -H '$accept' http://$plain/v2/r/app/manifests/$tag | jq -r .mediaType"
check_output "spec 553: the artifact type is the manifest's" application/vnd.test.signature sh -c "curl -s -H '$accept' http://$plain/v2/r/app/manifests/$tag | jq -r '.manifests[] | select(.digest == \"$signature\") | .artifactType'"
check_output "spec 554: else the config's media type" application/vnd.test.config sh -c "curl -s -H '$accept' http://$plain/v2/r/app/manifests/$tag | jq -r '.manifests[] | select(.digest == \"$sbom\") | .artifactType'"
check_output "spec 555: annotations are copied" '["one","two"]' sh -c "curl -s -H '$accept' http://$plain/v2/r/app/manifests/$tag | jq -cS '[.manifests[].annotations.note] | sort'"
check "pushed again" "$ocimg" copy -q --referrers ./lay:one docker://$plain/r/app:1
check_output "nobody is listed twice" 2 sh -c "curl -s -H '$accept' http://$plain/v2/r/app/manifests/$tag | jq '.manifests | length'"
check_output "spec 708, 785: a 404 leads to the referrers tag" "$one" "$ocimg" copy -q --referrers docker://$plain/r/app:1 docker://$plain/r/copy:1
check_output "and the copy has both" 2 sh -c "curl -s -H '$accept' http://$plain/v2/r/copy/manifests/$tag | jq '.manifests | length'"
check_output "into a layout" "$one" "$ocimg" copy -q --referrers docker://$plain/r/app:1 oci:referrers:1
check_output "they stand beside the image" 3 jq '.manifests | length' referrers/index.json
check "spec 779, 780: a deleted referrer leaves the tag" "$ocimg" delete "docker://$plain/r/app@$sbom"
check_output "the other one stays" "$signature" sh -c "curl -s -H '$accept' http://$plain/v2/r/app/manifests/$tag | jq -r '.manifests[].digest'"
: >log
check "spec 784: where the registry takes note of the subject" "$ocimg" copy -q "./lay@$signature" docker://$host/subject-noted:1
check_not "no referrers tag is written" grep -q "manifests/sha256-" log
: >log
check "spec 486: the Content-Type of a push is the mediaType" "$ocimg" copy -q ./lay:one docker://$host/push-type:1
check_output "it is" application/vnd.oci.image.manifest.v1+json sh -c "jq -r 'select(.method == \"PUT\" and (.path | contains(\"/manifests/\"))) | .headers[\"content-type\"]' log"
check_fails "spec 176: a Docker-Content-Digest that is used is verified (manifest)" any "the registry says digest" "$ocimg" copy -q docker://$host/m18-header:1 oci:x:1
check_fails "spec 191: the content of a blob is verified" any "another digest" "$ocimg" copy -q docker://$host/m18-blob:1 oci:x:1
check "spec 825: no Authorization across hosts" sh -c ": >log; $ocimg copy -q --creds user:secret-password docker://$host/n02-307:1 oci:y:1 && ! grep 127.0.0.1:6003 log | grep -qi authorization"
check "spec 922: a Warning is told, and nothing else follows from it" sh -c "$ocimg copy -q docker://$host/warnings:1 oci:z:1 2>warned && grep -c 'this registry is old' warned | grep -qx 1"
finish
