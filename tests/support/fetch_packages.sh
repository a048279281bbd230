#!/bin/bash
# Fetches packages of Debian 12, with all they need beyond a minimal system, once: for builds that install them
# without a network.
#
#   fetch_packages.sh CACHE PACKAGE...      prints a directory with archives/*.deb and lists/ (as of apt) on success
#
# Exit code 3: the packages could not be fetched.
set -euo pipefail

readonly recipe=1 # raise it when the directory's form changes
cache=${1:?usage: fetch_packages.sh CACHE PACKAGE...}
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$("$here/make_debian_root.sh" "$cache" plain)
cache=$(cd "$cache" && pwd)
result=$cache/packages-$(echo "$*" | tr ' ' '-')-$recipe

exec 9>"$result.lock"
flock 9
if [ -d "$result" ]; then
    echo "$result"
    exit 0
fi
work=$(mktemp -d "$cache/packages-work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir "$work/root" "$work/result"
tar -C "$work/root" -xpf "$root" --exclude='./dev/*'
cp /etc/resolv.conf "$work/root/etc/resolv.conf"
# Names and keys of this machine's registry, where it has its own.
fetch() {
    unshare --mount --pid --fork --mount-proc="$work/root/proc" --propagation private -- chroot "$work/root" sh -eu -c '
        mkdir -p /dev && [ -e /dev/null ] || mknod -m 666 /dev/null c 1 3
        rm -f /etc/apt/apt.conf.d/docker-clean
        apt-get -q -o APT::Sandbox::User=root update
        apt-get -q -o APT::Sandbox::User=root install -y --no-install-recommends --download-only "$@"' sh "$@"
}
if ! fetch "$@" >"$work/log" 2>&1 9>&-; then
    tail -n 20 "$work/log" >&2
    exit 3
fi
mv "$work/root/var/lib/apt/lists" "$work/result/lists"
mkdir "$work/result/archives"
mv "$work"/root/var/cache/apt/archives/*.deb "$work/result/archives/"
mv "$work/result" "$result"
echo "$result"
