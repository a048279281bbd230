#!/bin/bash
# What repack makes, in the engines: Podman, and Docker through an archive that skopeo converts.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
for program in jq skopeo unshare; do command -v "$program" >/dev/null || skip_all "$program is not installed"; done
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
if [ -z "${OCI_TEST_INSIDE-}" ]; then
    unshare --mount --pid --fork --net true 2>/dev/null || skip_all "this machine forbids new namespaces"
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/oci-test.XXXXXX")
    OCI_TEST_INSIDE=1 OCI_TEST_WORK=$work unshare --mount --pid --fork --kill-child --mount-proc --net --propagation private -- \
        bash "$0" "$@" </dev/null
    status=$?
    rm -rf --one-file-system "$work"
    exit $status
fi
test_dir=$OCI_TEST_WORK
cd "$test_dir" || exit 1
mount -t tmpfs tmpfs /run

mkdir -p files/etc/old files/bin
echo one >files/etc/one
echo two >files/etc/two
"$ocimg" new --image image:base --platform linux/amd64 && "$ocimg" append --image image:base files &&
    "$ocimg" config --image image:base --cmd /bin/none && "$ocimg" unpack --progress none --image image:base bundle || exit 1
echo changed >bundle/rootfs/etc/one
rm -r bundle/rootfs/etc/two bundle/rootfs/etc/old
echo new >bundle/rootfs/bin/new && chmod 4755 bundle/rootfs/bin/new && ln bundle/rootfs/bin/new bundle/rootfs/bin/again
check "repack" "$ocimg" repack --progress none --image image:changed bundle
files_of() { (cd "$1" && find bin etc \( -type d -printf '%p|%y|%m|%U:%G\n' -o -printf '%p|%y|%m|%U:%G|%n|%s\n' \) | LC_ALL=C sort); }
expected=$(files_of bundle/rootfs)

if command -v podman >/dev/null; then
    pod() { timeout 100 podman --root "$test_dir/podman" --runroot /run/podman-test --tmpdir /run/podman-tmp --storage-driver vfs "$@"; }
    export CONTAINERS_CONF=/dev/null HOME=$test_dir
    check "Podman pulls it" pod pull --quiet oci:image:changed
    id=$(pod images --quiet | head -n 1)
    podman_files() { files_of "$(pod image mount "$id")"; }
    check_output "Podman sees the same files" "$expected" podman_files
    pod image unmount "$id" >/dev/null 2>&1
else
    skip "Podman reads it" "podman is not installed"
fi

docker=$(command -v docker)
if command -v dockerd >/dev/null && [ -n "$docker" ]; then
    check "skopeo makes a docker archive of it" skopeo --insecure-policy copy oci:image:changed docker-archive:changed.tar:test/changed:latest
    mkdir -p docker exec config
    export DOCKER_CONFIG=$test_dir/config
    dock() { timeout 60 "$docker" --host "unix://$test_dir/docker.sock" "$@"; }
    dockerd --data-root "$test_dir/docker" --exec-root "$test_dir/exec" --pidfile "$test_dir/dockerd.pid" --bridge none \
        --iptables=false --host "unix://$test_dir/docker.sock" >dockerd.log 2>&1 </dev/null &
    daemon=$!
    settled() { dock version || ! kill -0 "$daemon"; }
    wait_until 60 settled
    if dock version >/dev/null 2>&1; then
        check "docker load" dock load --input changed.tar
        check "docker makes a container of it" dock create --name changed test/changed:latest
        # The daemon adds files of its own to what it exports.
        docker_files() { mkdir exported && dock export changed | tar -C exported -x && files_of exported | grep -Ev "^etc/(hostname|hosts|mtab|resolv.conf)"; }
        check_output "Docker sees the same files" "$expected" docker_files
        dock rm changed >/dev/null
    else
        skip "docker load" "dockerd does not start on this machine: $(tail -n 1 dockerd.log)"
    fi
    kill "$daemon" 2>/dev/null
    wait "$daemon" 2>/dev/null
else
    skip "docker load" "Docker is not installed"
fi
finish
