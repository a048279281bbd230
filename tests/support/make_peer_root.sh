#!/bin/bash
# Makes a root directory with newer peers (crun and runc of Debian 13) for the benchmarks, once.
#
#   make_peer_root.sh CACHE       prints the directory on success
#
# Nothing of it is installed on this machine: run a peer in a private mount namespace that has the
# directory as its root. Exit code 3: the packages could not be fetched.
set -euo pipefail

cache=${1:?usage: make_peer_root.sh CACHE}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
root=$cache/peer-root-trixie

exec 9>"$cache/peer-root.lock"
flock 9
if [ -x "$root/usr/bin/crun" ]; then
    echo "$root"
    exit 0
fi

work=$(mktemp -d "$cache/peer-root-work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
printf 'make_peer_root: Debian 13 with crun and runc by mmdebstrap\n' >&2
chmod 0755 "$work"
if ! mmdebstrap --quiet --variant=minbase --include=crun,runc trixie "$work/root" \
    >"$work/mmdebstrap.log" 2>&1 9>&-; then
    tail -n 20 "$work/mmdebstrap.log" >&2
    printf 'make_peer_root: mmdebstrap failed\n' >&2
    exit 3
fi
mv -T "$work/root" "$root"
echo "$root"
