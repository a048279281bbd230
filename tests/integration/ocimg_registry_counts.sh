#!/bin/bash
# What transfers cost, counted at proxies before two registries: requests per tag of a sync beside skopeo's, and the
# bytes of blobs that need not travel.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry skopeo jq ip python3; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
proxy_program=$(realpath "$here/../support/counting_proxy.py")
enter_network "$@"
OCI_TEST_LAYER_SIZE=1000000
start_registry one 5000
start_registry two 5001
python3 "$proxy_program" 5100 5000 from </dev/null 2>proxy.err &
python3 "$proxy_program" 5101 5001 to </dev/null 2>>proxy.err &
wait_until 10 port_answers 5100
wait_until 10 port_answers 5101
source=127.0.0.1:5100 target=127.0.0.1:5101
make_image lay:one || exit 1
tags=20
for i in $(seq $tags); do
    "$ocimg" config --image lay:one --tag "t$i" --label "n=$i" && "$ocimg" push -q "./lay:t$i" "127.0.0.1:5000/many:t$i" || exit 1
done >/dev/null
counted() { cat from to | awk -v field="$1" '{ sum += $field } END { print sum }'; } # 1: down, 2: up, 3: requests
spent() { # COMMAND...: its requests
    local before
    before=$(counted 3)
    "$@" >/dev/null 2>&1 || return 1
    echo $(($(counted 3) - before))
}
ours=$(spent "$ocimg" sync -q docker://$source/many docker://$target/ours)
theirs=$(spent skopeo sync --src docker --dest docker --src-tls-verify=false --dest-tls-verify=false $source/many $target/theirs)
check "sync of $tags tags: $ours requests, skopeo $theirs" test "$ours" -le "$theirs"
ours=$(spent "$ocimg" sync -q docker://$source/many docker://$target/ours)
theirs=$(spent skopeo sync --src docker --dest docker --src-tls-verify=false --dest-tls-verify=false $source/many $target/theirs)
check "once more with nothing to do: $ours requests, skopeo $theirs" test "$ours" -le "$theirs"

# Documents and headers are a few kilobytes; the layers have a megabyte each.
moved() { # COMMAND...: bytes in both directions
    local before=$(($(counted 1) + $(counted 2)))
    "$@" >/dev/null || return 1
    echo $(($(counted 1) + $(counted 2) - before))
}
bytes=$(moved "$ocimg" copy -q docker://$source/many:t1 docker://$source/inside:1)
check "copy inside a registry mounts: $bytes bytes move" test "$bytes" -lt 20000
bytes=$(moved "$ocimg" copy -q docker://$source/many:t1 docker://$target/ours/many:again)
check "blobs that the other repository has stay where they are: $bytes bytes move" test "$bytes" -lt 20000
bytes=$(moved "$ocimg" copy -q --mount-from ours/many docker://$source/many:t1 docker://$target/elsewhere:1)
check "between registries, --mount-from names where they are: $bytes bytes move" test "$bytes" -lt 20000
check_output "the image is the same" "$(digest_of lay t1)" remote_digest $target/elsewhere 1
finish
