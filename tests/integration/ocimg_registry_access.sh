#!/bin/bash
# Getting in to real registries: TLS with an authority of one's own, client certificates, passwords, tokens, login and
# logout, mirrors and registries.conf; and what is done there besides copying: list-tags, delete, sync, archives.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry skopeo jq curl openssl ip python3; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
scripted=$(realpath "$here/../support/hostile_registry.py")
token_server=$(realpath "$here/../support/token_server.py")
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
    echo 'credential-helpers = ["test"]' >registries.conf
    check_output "credential-helpers of registries.conf" "$one" env PATH="$test_dir/bin:$PATH" "$ocimg" pull -q $locked/a:1
    echo 'credential-helpers = ["containers-auth.json", "test"]' >registries.conf
    check_output "after the files, in the order of the list" "$one" env PATH="$test_dir/bin:$PATH" "$ocimg" pull -q $locked/a:1
    check_fails "a helper that is not installed is named" any "docker-credential-test" "$ocimg" pull -q $locked/a:1
    echo 'credential-helpers = ["containers-auth.json"]' >registries.conf
    check_fails "without it there are none" any "status 401" env PATH="$test_dir/bin:$PATH" "$ocimg" pull -q $locked/a:1
    : >registries.conf
    echo secret | "$ocimg" login -u me --password-stdin $locked >/dev/null || failed "login once more" ""
    check "logout --all" "$ocimg" logout --all
    check_output "forgets every registry" '{}' jq -c .auths run/containers/auth.json
    check "again, with nothing to forget" "$ocimg" logout --all
    check_fails "logout of nothing" any "expected a registry or --all" "$ocimg" logout
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
check_fails "nor when logging in" any "--trust-host" sh -c "echo secret | $ocimg login -u me --password-stdin $tokens"
check "login --trust-host" sh -c "echo secret | $ocimg login -u me --password-stdin --trust-host 127.0.0.1:5010 $tokens"
check_output "later commands trust it too" "$one" "$ocimg" push -q ./lay:one $tokens/login:1
check "skopeo reads the file still" skopeo inspect --authfile run/containers/auth.json --tls-verify=false docker://$tokens/login:1
check "logout" "$ocimg" logout $tokens
check_not "forgets it" grep -q 5010 run/containers/auth.json
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
sed -i '1i short-name-mode = "enforcing"' registries.conf
check_fails "enforcing: a short name that two may have is not guessed" any "may be one of 127.0.0.1:5000/none/app:1, docker.io/library/app:1" "$ocimg" pull -q app:1
check_output "an alias is no guess" "$one" "$ocimg" pull -q short:1
sed -i 1d registries.conf
cat >elsewhere.conf <<CONF
[[registry]]
prefix = "old.example/team"
location = "$plain/library"
[[registry]]
prefix = "*.wild.example"
location = "$plain/library"
CONF
check_output "location stands in the place of the prefix" "$one" "$ocimg" pull -q --registries-conf elsewhere.conf old.example/team/app:1
check_output "the name in the store stays" "$one" digest_of store old.example/team/app:1
check_output "of every host below a domain" "$one" "$ocimg" pull -q --registries-conf elsewhere.conf a.wild.example/app:1
check_output "push goes there too" "$one" "$ocimg" push -q --registries-conf elsewhere.conf ./lay:one old.example/team/pushed:1
check_output "it is there" "$one" remote_digest $plain/library/pushed 1
check_fails "a blocked registry" any "blocks" "$ocimg" pull -q forbidden.example/a:1
echo '[[registry]' >broken.conf
check_fails "a damaged file is named with its line" any "broken.conf:1" "$ocimg" pull -q --registries-conf broken.conf app:1
check_output "--registries-conf /dev/null is no configuration" "$one" "$ocimg" pull -q --registries-conf /dev/null $plain/library/app:1
check_fails "short names then mean docker.io" any "registry-1.docker.io" "$ocimg" pull -q --timeout 3 --registries-conf /dev/null app:1
check_output "the same by the environment" "$one" env CONTAINERS_REGISTRIES_CONF=/dev/null "$ocimg" pull -q $plain/library/app:1

# --- mirrors that have only a part ---------------------------------------------------------------------------
python3 "$scripted" log 2>server.err </dev/null &
wait_until 10 port_answers 6001
"$ocimg" copy -q docker://127.0.0.1:6001/plain:1 docker://$plain/split/app:1 >/dev/null
split=$(remote_digest $plain/split/app 1)
for mirror in lacks breaks lies; do
    printf '[[registry]]\nlocation = "%s"\n[[registry.mirror]]\nlocation = "127.0.0.1:6001/mirror-%s"\n' $plain/split/app $mirror >registries.conf
    : >log
    : >plain.log
    check_output "a mirror that $mirror" "$split" "$ocimg" copy -q docker://$plain/split/app:1 "oci:split-$mirror:1"
    check "it was asked for a blob" grep -q "/v2/mirror-$mirror/blobs/" log
    check_output "the registry gave the one that the mirror has not" 1 sh -c "grep -c 'GET /v2/split/app/blobs/' plain.log"
    check "the layout is sound" "$ocimg" fsck "split-$mirror"
    cp plain.log "$mirror.log"
done
check "what a mirror broke off is gone on with by Range" grep -qE 'GET /v2/split/app/blobs/.* 206 ' breaks.log
check "what a mirror lied about is fetched whole" grep -qE 'GET /v2/split/app/blobs/.* 200 ' lies.log
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

check_fails "a place that skopeo has and ocimg has not" any "docker-archive:FILE" "$ocimg" copy -q docker-daemon:app:1 oci:x:1
check_fails "another" any "images of dir are not read" "$ocimg" copy -q dir:/tmp/app oci:x:1

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
check_output "list-tags tells the names in it" "$(skopeo list-tags docker-archive:docker.tar | jq -r '.Tags[]')" "$ocimg" list-tags docker-archive:docker.tar
check_output "as JSON too" '{"Tags":["test/app:1"]}' sh -c "'$ocimg' list-tags --json docker-archive:docker.tar | jq -c ."
check "skopeo writes a docker-archive" skopeo copy -q oci:lay:one docker-archive:skopeo-docker.tar:test/app:2
check "ocimg unpacks it" "$ocimg" unpack docker-archive:skopeo-docker.tar:test/app:2 skopeo-bundle
check "to the same files" diff -r archive-bundle/rootfs skopeo-bundle/rootfs
check_fails "a name that is not in the archive" any "test/app:2" "$ocimg" copy -q docker-archive:skopeo-docker.tar:other:1 oci:x:1
head -c 100000 one.tar >cut.tar
check_not "a truncated archive" "$ocimg" copy -q oci-archive:cut.tar:1 oci:cut:1
check_not "leaves no name" grep -q ref.name cut/index.json
finish
