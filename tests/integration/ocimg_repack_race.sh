#!/bin/bash
# I22: a container that exchanges directories for links while its bundle is repacked gets no file of the host into
# the layer. M17: the same bundle gives the same digests whatever the umask and the time zone.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -f "$test_dir/running"; rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1

mkdir -p files/d host
echo "token-of-the-host" >host/file
echo inside >files/d/file
"$ocimg" new --image image:a && "$ocimg" append --image image:a files &&
    "$ocimg" unpack --progress none --image image:a bundle || exit 1

race() { # repacks while d and d/file turn into links to the host's, and back; prints layers that hold the token
    local i swaps layer
    : >running
    (
        cd bundle/rootfs || exit 1
        ln -s "$test_dir/host" link
        while [ -e "$test_dir/running" ]; do
            echo changed >d/file 2>/dev/null
            mv -T d real && mv -T link d
            mv -T d link && mv -T real d
            ln -sf "$test_dir/host/file" d/file
            rm -f d/file
        done
    ) 2>/dev/null &
    swaps=$!
    for i in $(seq 1 40); do
        "$ocimg" repack --progress none --compression none --image "image:r$i" bundle >/dev/null 2>>errors
    done
    rm running
    wait "$swaps"
    for layer in image/blobs/sha256/*; do grep -l "token-of-the-host" "$layer"; done
    return 0
}
check_output "I22: no file of the host gets into a layer" "" race
check "I22: and the layout is valid" "$ocimg" validate image
check_output "I22: the host's file is as it was" "token-of-the-host" cat host/file

rm -rf bundle
"$ocimg" unpack --progress none --image image:a bundle || exit 1
echo more >bundle/rootfs/d/more
manifest() { # UMASK ZONE TAG
    (umask "$1" && TZ=$2 "$ocimg" repack --progress none --json --image "image:$3" bundle) | sed -n 's/.*"manifest": "\(.*\)".*/\1/p'
}
first=$(manifest 022 UTC one)
check_match "M17: repack gives a digest" '^sha256:' echo "$first"
check_output "M17: the same with another umask and time zone" "$first" manifest 077 Asia/Tokyo two
check_output "M17: and with SOURCE_DATE_EPOCH twice the same" "$(SOURCE_DATE_EPOCH=1700000000 manifest 022 UTC three)" \
    env SOURCE_DATE_EPOCH=1700000000 bash -c "$(declare -f manifest); ocimg='$ocimg'; manifest 027 UTC four"
finish
