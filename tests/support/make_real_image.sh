#!/bin/bash
# Builds the real Debian image of the end-to-end tests and benchmarks, once, with peers only.
#
#   make_real_image.sh CACHE      prints the image reference LAYOUT:TAG on success
#
# Four layers, written as an OCI layout by umoci: a minimal Debian 12 (mmdebstrap), a C++ compiler
# and Python on top, deletions and odd files on top of that, and what umoci itself never writes (times
# in nanoseconds, sparse files, an opaque whiteout) as an archive of GNU tar. The finished layout
# appears by one rename, so an interrupted build is never taken for a finished one.
# Exit code 3: the packages could not be fetched (no network); everything else is a failure.
set -euo pipefail

readonly recipe=5  # raise it when the image changes: the cache is rebuilt
cache=${1:?usage: make_real_image.sh CACHE}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
layout=$cache/real-image-$recipe
reference=$layout:latest

exec 9>"$cache/real-image.lock"
flock 9
if [ -e "$layout/index.json" ]; then
    echo "$reference"
    exit 0
fi

work=$(mktemp -d "$cache/real-image-work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
rm -rf --one-file-system "$cache"/real-image-[0-9]*  # of earlier recipes
log() { printf 'make_real_image: %s\n' "$*" >&2; }

log "layer 1: minimal Debian 12 by mmdebstrap"
if ! mmdebstrap --quiet --variant=minbase --format=tar bookworm "$work/base.tar" >"$work/mmdebstrap.log" 2>&1 \
    9>&-; then
    tail -n 20 "$work/mmdebstrap.log" >&2
    log "mmdebstrap failed"
    exit 3
fi
umoci init --layout "$work/layout"
umoci new --image "$work/layout:latest"
umoci raw add-layer --image "$work/layout:latest" "$work/base.tar" >&2
rm "$work/base.tar"

log "layer 2: g++ and Python by apt-get inside it"
umoci unpack --image "$work/layout:latest" "$work/bundle" >&2
root=$work/bundle/rootfs
# The mounts live in a mount namespace of their own and end with it; nothing of them reaches the layer.
# (apt is told to stay root: its sandbox user has no business in a chroot that lasts a minute.)
if ! unshare --mount --pid --fork --propagation private -- bash -c '
    set -eu
    root=$1
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/tmp"
    mount -t tmpfs tmpfs "$root/run"
    for file in /etc/resolv.conf /etc/hosts; do
        if [ -e "$file" ] && [ -e "$root$file" ]; then mount --bind "$file" "$root$file"; fi
    done
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
    chroot "$root" apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 update
    chroot "$root" apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 \
        install -y --no-install-recommends g++ python3
    chroot "$root" apt-get -q clean
' layer2 "$root" >"$work/apt.log" 2>&1 </dev/null 9>&-; then
    tail -n 20 "$work/apt.log" >&2
    log "apt-get failed"
    exit 3
fi
umoci repack --refresh-bundle --image "$work/layout:latest" "$work/bundle" >&2

log "layer 3: deletions, replacements and odd files"
rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/var/lib/apt/lists" "$root/var/log/apt"
mkdir "$root/usr/share/man"                     # a directory that was removed and made anew
rm -f "$root/etc/motd" "$root/etc/issue"
rm -f "$root/etc/issue.net" && mkdir "$root/etc/issue.net" && echo now-a-directory >"$root/etc/issue.net/file"
rm -rf "$root/usr/share/lintian" && ln -s ../lib "$root/usr/share/lintian"  # a directory becomes a link
mkdir "$root/srv/odd"
cd "$root/srv/odd"
echo content >original && ln original hard-link && ln -s original symbolic-link
ln -s /does/not/exist dangling-link
mkfifo fifo
mknod null-device c 1 3
printf 'sparse' | dd of=sparse bs=1 seek=1048576 status=none
echo 'name with spaces' >'name with spaces and ünïcödé'
long=$(printf 'd%.0s' $(seq 1 120))
mkdir -p "$long/$long" && echo deep >"$long/$long/$long"
printf '#!/bin/sh\nid\n' >setuid && chmod 4755 setuid
echo owned >owned && chown 12345:54321 owned && chmod 0640 owned
echo attributes >attributes && setfattr -n user.note -v 'a value' attributes
cp "$(command -v busybox)" capable && setcap cap_net_bind_service+ep capable
touch -d '2001-02-03 04:05:06.789012345 UTC' dated
mkdir sticky && chmod 1777 sticky
cd /
umoci repack --refresh-bundle --image "$work/layout:latest" "$work/bundle" >&2

log "layer 4: nanoseconds, sparse files and an opaque whiteout by GNU tar"
mkdir -p "$work/layer4/srv/pax" "$work/layer4/usr/share/perl5"
cd "$work/layer4"
touch usr/share/perl5/.wh..wh..opq                # all of it is gone but what this layer brings
echo new >usr/share/perl5/new.txt
printf 'start' >srv/pax/sparse && truncate -s 3M srv/pax/sparse && printf 'end' >>srv/pax/sparse
echo early >srv/pax/nanoseconds && touch -d '2001-02-03 04:05:06.789012345 UTC' srv/pax/nanoseconds
echo early >srv/pax/before-1970 && touch -d '1960-01-01 00:00:00.5 UTC' srv/pax/before-1970
echo user >srv/pax/attribute && setfattr -n user.binary -v 0x00ff0a srv/pax/attribute
# (No empty attribute: Go's reader of archives, and so umoci, takes an empty PAX value for none.)
ln -s "$long/$long/$long" srv/pax/long-target
touch -h -d '2011-12-13 14:15:16.171819202 UTC' srv/pax/long-target
touch -d '2021-02-03 04:05:06.5 UTC' srv/pax usr/share/perl5
tar --create --format=posix --sparse --xattrs --xattrs-include='user.*' --numeric-owner --owner=0 --group=0 \
    --file "$work/layer4.tar" srv/pax usr/share/perl5
cd /
umoci raw add-layer --image "$work/layout:latest" "$work/layer4.tar" >&2
umoci config --image "$work/layout:latest" --config.cmd /bin/bash \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin >&2
umoci gc --layout "$work/layout" >&2

mv -T "$work/layout" "$layout"
log "done: $(du -sh "$layout" | cut -f1) in $layout"
echo "$reference"
