#!/bin/bash
# Makes a root file system of Debian 12 with some packages by mmdebstrap, once, as an archive.
#
#   make_debian_root.sh CACHE NAME [PACKAGE...]      prints the path of the archive on success
#
# Made for base images of the build tests: nothing that only a machine needs (documentation, lists of apt,
# logs) is in it. Exit code 3: the packages could not be fetched.
set -euo pipefail

readonly recipe=1 # raise it when the archives change
cache=${1:?usage: make_debian_root.sh CACHE NAME [PACKAGE...]} name=${2:?}
shift 2
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
archive=$cache/debian-$name-$recipe.tar

exec 9>"$cache/debian-$name.lock"
flock 9
if [ -e "$archive" ]; then
    echo "$archive"
    exit 0
fi
work=$(mktemp -d "$cache/debian-work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
packages=$(IFS=, && echo "$*")
printf 'make_debian_root: %s with %s\n' "$name" "${packages:-nothing more}" >&2
if ! mmdebstrap --quiet --variant=minbase ${packages:+--include="$packages"} \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$work/root.tar" >"$work/log" 2>&1 9>&-; then
    tail -n 20 "$work/log" >&2
    exit 3
fi
mv "$work/root.tar" "$archive"
echo "$archive"
