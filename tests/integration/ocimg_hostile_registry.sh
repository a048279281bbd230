#!/bin/bash
# Registries that attack or fail, scripted (tests/support/hostile_registry.py). Each check begins with the row of the
# catalogue that it belongs to: N01-N13 attacks on the client, M01-M07, M18, M19 faults.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in python3 jq openssl ip; do command -v "$program" >/dev/null || skip_all "$program is not installed"; done
server=$(realpath "$here/../support/hostile_registry.py")
enter_network "$@"
make_certificates certs
mkdir authority && cp certs/ca.crt authority/
PYTHONDONTWRITEBYTECODE=1 python3 "$server" log certs/server.crt certs/server.key 2>server.err </dev/null &
wait_until 20 port_answers 6001 || skip_all "the scripted registry does not start: $(cat server.err)"
host=127.0.0.1:6001
creds=(--creds user:secret-password)

requests() { jq -s --arg origin "$1" '[.[] | select(.origin == $origin)] | length' log; }
secrets_at() { jq -s --arg origin "$1" '[.[] | select(.origin == $origin and (.headers.authorization // "" | . != ""))] | length' log; }
paths() { jq -r --arg part "$1" 'select(.path | contains($part)) | .method + " " + .path' log; }
fresh() { : >log; rm -rf out; }
copy() { # REPOSITORY [OPTIONS...]: pulled into a layout of its own, within a time
    local repository=$1
    shift
    fresh
    timeout 60 "$ocimg" copy -q "$@" "docker://$host/$repository:1" oci:out:1
}
refused() { # NAME TEXT REPOSITORY [OPTIONS...]: it fails with these words, and nothing is named in the layout
    local name=$1 text=$2
    shift 2
    check_fails "$name" any "$text" copy "$@"
    check_not "$name: nothing is left" grep -q ref.name out/index.json
}
peak_of() { # COMMAND...: its peak memory in KiB, whatever its exit code
    python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

check "the scripted registry serves an ordinary image" copy plain

# --- N: attacks ------------------------------------------------------------------------------------------
check "N01: a foreign layer is left where it is" copy n01 "${creds[@]}"
check_output "N01: its URLs are not asked" 0 requests 127.0.0.2:6002
refused "N01: URLs are no second source of a layer" "status 404" n01-needed
check_output "N01: they are not asked" 0 requests 127.0.0.2:6002

for status in 301 302 303 307 308; do
    check "N02: a $status to another port is followed" copy n02-$status "${creds[@]}"
    check_output "N02: with requests" 2 requests 127.0.0.1:6003
    check_output "N02: without credentials" 0 secrets_at 127.0.0.1:6003
done
refused "N02: a 401 behind the redirect gets no credentials" "status 401" n02-401 "${creds[@]}"
check_output "N02: none were sent" 0 secrets_at 127.0.0.1:6003
refused "N02: a redirect to another private host is refused" "not public" n02-host "${creds[@]}"
check_output "N02: it is not asked" 0 requests 127.0.0.2:6002
fresh
check_fails "N02: https does not go on as http" any "https never goes on as http" \
    timeout 20 "$ocimg" copy -q --cert-dir authority "${creds[@]}" docker://127.0.0.1:6443/n02-tls:1 oci:out:1
check_not "N02: it is not asked" grep -q /served/ log

push() { # REPOSITORY [OPTIONS...]
    local repository=$1
    shift
    : >log
    timeout 60 "$ocimg" copy -q "$@" oci:good:1 "docker://$host/$repository:1"
}
copy plain >/dev/null && cp -r out good
check "N03: an upload place on another port" push n03-port "${creds[@]}"
check "N03: gets the body" test "$(requests 127.0.0.1:6003)" -ge 1
check_output "N03: but no credentials" 0 secrets_at 127.0.0.1:6003
check_fails "N03: an upload place on another private host" any "not public" push n03-host "${creds[@]}"
check_output "N03: it is not asked" 0 requests 127.0.0.2:6002
check_fails "N03: an upload place at a metadata service" any "not public" push n03-metadata "${creds[@]}"

refused "N04: a token server on another port gets no password" "--trust-host" n04-other-port "${creds[@]}"
check_output "N04: it is not asked" 0 requests 127.0.0.1:6003
check "N04: unless the user allows it" copy n04-other-port --trust-host 127.0.0.1:6003 "${creds[@]}"
for row in other-host any any6 private short hex; do
    refused "N04: a token server at a private address ($row)" "not public" n04-$row
done
check_output "N04: none is asked" 0 requests 127.0.0.2:6002
refused "N04: a realm that is no URL of the web" "expected http:// or https://" n04-file
refused "N04: a realm that redirects to a private address" "not public" n04-redirect
fresh
check_fails "N04: a realm in plain http of an https registry" any "https never goes on as http" \
    timeout 20 "$ocimg" copy -q --cert-dir authority docker://127.0.0.1:6443/n04-tls:1 oci:out:1

cp /etc/hosts hosts && echo "127.0.0.1 registry-1.docker.io auth.docker.io" >>hosts && mount --bind hosts /etc/hosts
echo '{"auths": {"https://index.docker.io/v1/": {"auth": "'"$(printf user:secret-password | base64)"'"}}}' >hub-login.json
fresh
check "N04: Docker Hub's own token server needs no permission" \
    "$ocimg" pull -q --cert-dir authority --authfile hub-login.json some/image:1
check "N04: it got the credentials" jq -es 'any(.[]; .headers.host == "auth.docker.io" and (.path | startswith("/token")) and (.headers.authorization | startswith("Basic")))' log
check_output "N04: and nobody else did" 0 jq -s '[.[] | select(.headers.host != "auth.docker.io" and (.headers.authorization // "" | startswith("Basic")))] | length' log
refused "N04: Docker Hub's token server is none of another registry" "--trust-host" n04-hub "${creds[@]}"
check_not "N04: it is not asked" grep -q auth.docker.io log

list() { : >log; timeout 120 "$ocimg" list-tags "$@"; }
check_output "pages are followed" $'a\nb\nc' list $host/pages
check_fails "N05: a next page elsewhere" any "only the registry itself" list "${creds[@]}" $host/n05-other
check_output "N05: it is not asked" 0 requests 127.0.0.2:6002
check_fails "N05: pages in a loop" any "form a loop" list "${creds[@]}" $host/n05-loop
check_fails "N05: pages without end" any "more than 1000 pages" list "${creds[@]}" $host/n05-endless

refused "N06: a redirect to a metadata service" "not public" n06

check_fails "N07: an unknown authority" any "certificate" "$ocimg" copy -q docker://127.0.0.1:6443/plain:1 oci:out:1
check "N07: with the authority it goes" "$ocimg" copy -q --cert-dir authority docker://127.0.0.1:6443/plain:1 oci:tls:1
check "N07: or without verification, when that is asked for" "$ocimg" copy -q --tls-verify=false docker://127.0.0.1:6443/plain:1 oci:tls2:1
check_fails "N07: plain http where TLS is required" any "SSL" "$ocimg" copy -q --tls-verify=true docker://$host/plain:1 oci:out:1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other -addext subjectAltName=DNS:other.example \
    -keyout wrong.key -out wrong.crt >/dev/null 2>&1
mkdir wrong && cp wrong.crt wrong/ca.crt
(cd "$test_dir" && exec openssl s_server -quiet -accept 127.0.0.1:6444 -cert wrong.crt -key wrong.key -www) >/dev/null 2>&1 </dev/null &
wait_until 10 port_answers 6444
check_fails "N07: a certificate for another host" any "127.0.0.1" "$ocimg" copy -q --cert-dir wrong docker://127.0.0.1:6444/plain:1 oci:out:1

openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=expired -keyout expired.key -out expired.csr >/dev/null 2>&1
openssl x509 -req -in expired.csr -CA certs/ca.crt -CAkey certs/ca.key -CAcreateserial -days -1 -out expired.crt \
    -extfile <(echo "subjectAltName=IP:127.0.0.1") >/dev/null 2>&1
(cd "$test_dir" && exec openssl s_server -quiet -accept 127.0.0.1:6445 -cert expired.crt -key expired.key -www) >/dev/null 2>&1 </dev/null &
wait_until 10 port_answers 6445
check_fails "N07: an expired certificate of a known authority" any "expired" "$ocimg" copy -q --cert-dir authority docker://127.0.0.1:6445/plain:1 oci:out:1

most=65536 # KiB
if sanitized "$ocimg"; then most=524288; fi
for row in 401 500 token manifest; do
    peak=$(fresh; peak_of "$ocimg" copy -q "${creds[@]}" docker://$host/n08-$row:1 oci:out:1)
    check "N08: an endless answer ($row) costs no memory ($peak KiB)" test "$peak" -le "$most"
done
peak=$(peak_of "$ocimg" list-tags $host/n08-tags)
check "N08: an endless answer (tags) costs no memory ($peak KiB)" test "$peak" -le "$most"

refused "N09: a blob with a Content-Encoding" "only identity is accepted" n09-blob
refused "N09: a manifest with a Content-Encoding" "only identity is accepted" n09-manifest
check "N09: identity is what is asked for" test "$(jq -s '[.[] | select(.headers["accept-encoding"] != "identity")] | length' log)" -eq 0

digest=$(digest_of good 1)
fresh
check "N10: an image of one repository is in the store" "$ocimg" pull -q $host/plain:1
check_fails "N10: the same digest in another repository is asked for there" any "status 404" "$ocimg" pull -q "$host/n10-b@$digest"
check "N10: it was" test -n "$(paths /v2/n10-b/manifests/)"

for name in user@$host/plain:1 127.0.0.1:99999/plain:1 $'127.0.0.1:6001/plain:1\r\nX: y' 'münchen.example/a:1' '127.0.0.1:6001/../plain:1'; do
    check_fails "N11: ${name@Q} is no reference" any "is not an image reference" "$ocimg" pull -q "$name"
done
echo '{"credsStore": "../../x"}' >helper.json
check_fails "N12: a helper's name is no path" any "a name is made of" copy plain --authfile helper.json
echo '{"auths": {"docker.io": {"auth": "dXNlcjpwYXNz"}, "https://index.docker.io/v1/": {"auth": "dXNlcjpwYXNz"}}}' >hub.json
check "N12: credentials of the default registry" copy plain --authfile hub.json
check_output "N12: go to no other" 0 secrets_at $host

fresh
timeout 20 "$ocimg" copy --debug --progress lines "${creds[@]}" docker://$host/n13:1 oci:n13:1 >debug 2>&1
check "N13: the debug output tells of every request" grep -q "GET http://127.0.0.1:6003/served/" debug
check_not "N13: and of no secret" grep -qE "secret-|$(printf user:secret-password | base64)" debug
refused "N13: nor do errors" "status 401" n02-401 "${creds[@]}"
check_not "N13: none of it" grep -qE "secret-" "$test_err"

# --- M: faults -------------------------------------------------------------------------------------------
check "M01: a download cut every 64 KiB" copy m01-cuts
check "M01: took a request for each piece" test "$(paths /blobs/ | wc -l)" -ge 250
check "M01: and no more" test "$(paths /blobs/ | wc -l)" -le 300
check "M02: Range is ignored" copy m02-ignored
check "M02: a wrong Content-Range" copy m02-wrong
check "M02: 416" copy m02-416
for row in more less zero; do refused "M03: Content-Length $row" "the descriptor says" m03-$row; done
refused "M03: Content-Length beyond all bounds" "the descriptor says" m03-huge
refused "M03: two Content-Lengths" "expected one number" m03-twice
refused "M03: Content-Length and Transfer-Encoding" "both" m03-both
check "M03: no Content-Length" copy m03-absent
refused "M03: more bytes than announced" "more than the" m03-extra
begin=$EPOCHREALTIME
check "M04: 429 with Retry-After in seconds" copy m04-429
check "M04: it waited as asked" awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a >= 1.9) }'
check_output "M04: and asked three times" 3 sh -c "grep -c /v2/m04-429/manifests log"
begin=$EPOCHREALTIME
check "M04: Retry-After as a date" copy m04-date
check "M04: it waited until then" awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a >= 0.9) }'
refused "M04: 502 for ever" "status 502" m04-always
check_output "M04: five tries" 5 sh -c "grep -c /v2/m04-always/manifests log"
check "M05: a download that stalls is gone on with" copy m05 --stall-timeout 1
refused "M05: one that never moves is given up" "" m05-never --stall-timeout 1 --timeout 6
check "M05: one of a byte a second is given up and gone on with" copy m05-slow --stall-timeout 1
check "M05: it was asked for once more" test "$(grep -c '/v2/m05-slow/blobs/' log)" -ge 3
# It takes connections and says nothing, neither TLS nor HTTP.
python3 -c 'import socket, time
with socket.create_server(("127.0.0.1", 6009)):
    time.sleep(60)' &
mute=$!
wait_until 10 port_answers 6009
begin=$EPOCHREALTIME
check_fails "M05: a server that never answers the TLS handshake" any "127.0.0.1:6009" \
    "$ocimg" pull -q --stall-timeout 1 --timeout 6 127.0.0.1:6009/a:1
check "M05: is given up in time" awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a < 12) }'
kill $mute
refused "M06: redirects in a loop" "more than 10 redirects" m06-loop
refused "M06: eleven redirects" "more than 10 redirects" m06-eleven
check "M06: ten redirects" copy m06-nine
check "M07: a token that expires with each blob" copy m07-expiry "${creds[@]}"
: >log
check "M18: a tag that may move" copy plain
check_output "M18: is asked for once, so that it cannot move in between" 1 grep -c '/v2/plain/manifests/1' log
refused "M18: a Docker-Content-Digest that lies" "the registry says digest" m18-header
refused "M18: a blob of other content" "another digest" m18-blob
fresh
check_fails "M18: a manifest of other content than its digest" any "has the digest" \
    "$ocimg" copy -q "docker://$host/m18-digest@$digest" oci:out:1
refused "a Content-Type that contradicts the manifest" "calls itself" type-lie

check "M19: the answer to the first POST is lost" push m19-lost
check "M19: the session is gone (404)" push m19-404
check "M19: the connection breaks during PUT" push m19-cut-body
check "M19: the answer to PUT is lost" push m19-answer-lost
check_output "M19: what arrived is not sent again" 3 sh -c "grep '\"PUT\"' log | grep -c 'm19-answer-lost/'"
check "M19: 409 during a chunk" push m19-409 --chunk-size 100000
check "M19: least size of chunks" push m19-least --chunk-size 1000
check_not "M19: no chunk but the last is smaller" sh -c "jq -e 'select(.method == \"PATCH\") | select(.headers[\"content-range\"] | startswith(\"0-\")) | select((.headers[\"content-length\"] | tonumber) < 100000)' log"
check "M19: a mount that becomes an upload" push m19-mount --mount-from other
check "M19: the manifest fails once" push m19-unknown
check "M19: the manifest comes last" sh -c "jq -r 'select(.method == \"PUT\") | .path' log | tail -1 | grep -q /manifests/"
check_not "the scripted registry had no error of its own" test -s server.err
finish
