#!/bin/bash
# One registry, many tools: what Docker Engine, Podman, Buildah, skopeo and umoci push or make is pulled by ocimg, and
# the reverse; digests are equal after every round trip.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry skopeo umoci jq curl ip; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
enter_network "$@"
plain=127.0.0.1:5000
start_registry plain 5000
make_image lay:one || exit 1
one=$(digest_of lay one)
config=$(jq -r .config.digest "lay/blobs/sha256/${one#sha256:}")
"$ocimg" push -q ./lay:one $plain/ocimg/one:1 >/dev/null
"$ocimg" unpack ./lay:one expected >/dev/null || exit 1

# What a peer pushed: ocimg pulls it, unpacks it to the same files, and pushes it again with the same digest.
round_trip() { # PEER REPOSITORY
    local digest
    digest=$(remote_digest "$plain/$2" 1)
    check_output "ocimg pulls what $1 pushed" "$digest" "$ocimg" pull -q "$plain/$2:1"
    check "unpacks it" "$ocimg" unpack "$plain/$2:1" "bundle-$1"
    check "to the same files" diff -r expected/rootfs "bundle-$1/rootfs"
    check_output "pushes it again" "$digest" "$ocimg" push -q "$plain/$2:1" "$plain/$2-again:1"
    check_output "with the same digest" "$digest" remote_digest "$plain/$2-again" 1
}

# --- Docker Engine -----------------------------------------------------------------------------------------
if command -v dockerd >/dev/null && command -v docker >/dev/null; then
    mkdir -p docker exec docker-config
    export DOCKER_CONFIG=$test_dir/docker-config
    dock() { timeout 60 docker --host "unix://$test_dir/docker.sock" "$@"; }
    dockerd --data-root "$test_dir/docker" --exec-root "$test_dir/exec" --pidfile "$test_dir/dockerd.pid" --bridge none \
        --iptables=false --storage-driver vfs --host "unix://$test_dir/docker.sock" >dockerd.log 2>&1 </dev/null &
    daemon=$!
    settled() { dock version || ! kill -0 "$daemon"; }
    wait_until 60 settled
    if dock version >/dev/null 2>&1; then
        check_match "Docker pulls what ocimg pushed" "Digest: $one" dock pull $plain/ocimg/one:1
        check_output "it is the same image" "$config" dock image inspect --format '{{.Id}}' $plain/ocimg/one:1
        dock tag $plain/ocimg/one:1 $plain/docker/one:1
        check_match "Docker pushes it" "digest: sha256:" dock push $plain/docker/one:1
        pushed=$(sed -n 's/.*digest: \(sha256:[0-9a-f]*\).*/\1/p' "$test_out")
        check_output "under the digest that it tells" "$pushed" remote_digest $plain/docker/one 1
        round_trip Docker docker/one
        dock image rm $plain/ocimg/one:1 $plain/docker/one:1 >/dev/null
        check_match "Docker pulls what ocimg pushed again" "Digest: $pushed" dock pull $plain/docker/one-again:1
        check_output "it is the same image still" "$config" dock image inspect --format '{{.Id}}' $plain/docker/one-again:1
        check "docker load takes ocimg's archive" sh -c "$ocimg copy -q ./lay:one docker-archive:load.tar:test/loaded:1 &&
            docker --host unix://$test_dir/docker.sock load --input load.tar"
        check "docker save" dock save --output saved.tar test/loaded:1
        check "ocimg reads it" "$ocimg" unpack docker-archive:saved.tar:test/loaded:1 bundle-saved
        check "the same files" diff -r expected/rootfs bundle-saved/rootfs
    else
        skip "Docker Engine" "dockerd does not start on this machine: $(tail -n 1 dockerd.log)"
    fi
    kill "$daemon" 2>/dev/null
    wait "$daemon" 2>/dev/null
    unset DOCKER_CONFIG
else
    skip "Docker Engine" "Docker is not installed"
fi

# --- Podman and Buildah --------------------------------------------------------------------------------------
podman_here() { podman --root "$test_dir/podman" --runroot "$test_dir/podman-run" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
if command -v podman >/dev/null && podman_here info >/dev/null 2>&1; then
    check "Podman pulls what ocimg pushed" podman_here pull -q --tls-verify=false $plain/ocimg/one:1
    check_output "its digest" "$one" podman_here image inspect --format '{{.Digest}}' $plain/ocimg/one:1
    check "Podman pushes it" podman_here push -q --tls-verify=false $plain/ocimg/one:1 $plain/podman/one:1
    round_trip Podman podman/one
    again=$(remote_digest $plain/podman/one-again 1)
    check "Podman pulls what ocimg pushed again" podman_here pull -q --tls-verify=false $plain/podman/one-again:1
    check_output "its digest" "$again" podman_here image inspect --format '{{.Digest}}' $plain/podman/one-again:1
else
    skip "Podman" "Podman does not work here"
fi
buildah_here() { buildah --root "$test_dir/buildah" --runroot "$test_dir/buildah-run" --storage-driver vfs "$@"; }
if command -v buildah >/dev/null && buildah_here info >/dev/null 2>&1; then
    check "Buildah pulls what ocimg pushed" buildah_here pull -q --tls-verify=false $plain/ocimg/one:1
    check "Buildah pushes it" buildah_here push -q --tls-verify=false $plain/ocimg/one:1 docker://$plain/buildah/one:1
    round_trip Buildah buildah/one
else
    skip "Buildah" "Buildah does not work here"
fi

# --- skopeo and umoci ----------------------------------------------------------------------------------------
check "skopeo pushes" skopeo copy -q --dest-tls-verify=false oci:lay:one docker://$plain/skopeo/one:1
check_output "the digest is the layout's" "$one" remote_digest $plain/skopeo/one 1
round_trip skopeo skopeo/one
check "skopeo pulls what ocimg pushed again" skopeo copy -q --src-tls-verify=false docker://$plain/skopeo/one-again:1 oci:skopeo-lay:1
check_output "its digest" "$one" digest_of skopeo-lay 1
check "skopeo pushes Docker's format" skopeo copy -q --format v2s2 --dest-tls-verify=false oci:lay:one docker://$plain/skopeo/docker:1
round_trip skopeo-v2s2 skopeo/docker
check_output "ocimg pulls into a layout for umoci" "$one" "$ocimg" copy -q docker://$plain/ocimg/one:1 oci:umoci-lay:1
check "umoci unpacks it" umoci unpack --image umoci-lay:1 umoci-bundle
check "to the same files" diff -r expected/rootfs umoci-bundle/rootfs
echo changed >umoci-bundle/rootfs/changed
check "umoci makes a new image of it" umoci repack --image umoci-lay:2 umoci-bundle
umoci_digest=$(digest_of umoci-lay 2)
check_output "ocimg pushes that" "$umoci_digest" "$ocimg" push -q ./umoci-lay:2 $plain/umoci/two:1
check_output "and pulls it" "$umoci_digest" "$ocimg" copy -q docker://$plain/umoci/two:1 oci:umoci-back:1
check "umoci unpacks what came back" umoci unpack --image umoci-back:1 umoci-again
check "to the same files" diff -r umoci-bundle/rootfs umoci-again/rootfs
finish
