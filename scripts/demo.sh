#!/bin/bash
# From nothing to a running container on a fresh Debian 12, as root. Each command is shown before it runs.
#
#   scripts/demo.sh [--installed] [DIRECTORY]     where image and bundle go; default: build/demo
#
# --installed takes ocirun and ocimg as they are installed, and ./ocirun-demo as the default directory.
# It may be run again and again: only what is missing is installed and built, and the demo's own
# directory is made anew.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
installed=
if [ "${1:-}" = --installed ]; then
    installed=yes
    shift
    here=$PWD
    demo=${1:-$here/ocirun-demo}
else
    demo=${1:-$here/build/demo}
fi

bold=$'\e[1m' plain=$'\e[0m'
[ -t 1 ] || bold='' plain=''
say() { printf '\n%s\n' "$*"; }
# Shows a command as one could type it, then runs it.
run() {
    local word line='$'
    for word in "$@"; do
        if [[ $word =~ ^[][A-Za-z0-9_./:=@%+,-]+$ ]]; then line+=" $word"; else line+=" '${word//\'/\'\\\'\'}'"; fi
    done
    printf '%s%s%s\n' "$bold" "$line" "$plain"
    "$@"
}

if [ "$(id -u)" -ne 0 ]; then
    echo "demo: it installs packages and starts a container: run it as root" >&2
    exit 1
fi

if [ -e "$demo" ] && [ ! -e "$demo/.ocirun-demo" ] && [ -n "$(ls -A "$demo")" ]; then
    echo "demo: $demo exists and is not a directory of an earlier demo; name another" >&2
    exit 1
fi

if [ "$installed" ]; then
    say "1. The installed programs"
    run ocirun --version
    run ocimg --version
else
    say "1. Build ocirun and ocimg (the first time this installs Debian packages and takes minutes)"
    cd "$here"
    run ./scripts/build.sh release
    export PATH="$here/build/release:$PATH"
fi

say "2. A root directory for the image: Debian's busybox-static and a link for each of its commands"
mkdir -p "$demo"
touch "$demo/.ocirun-demo"
run cd "$demo"
run rm -rf image bundle files
run mkdir -p files/bin files/etc files/tmp
run cp /bin/busybox files/bin/
run chroot files /bin/busybox --install -s /bin
printf '%s$ %s%s\n' "$bold" "echo 'root:x:0:0:root:/root:/bin/sh' > files/etc/passwd" "$plain"
echo 'root:x:0:0:root:/root:/bin/sh' >files/etc/passwd

say "3. An OCI image from it: an empty image, one layer, and what to run"
run ocimg new --image image:latest
run ocimg append --image image:latest files
run ocimg config --image image:latest --env PATH=/bin --cmd /bin/sh --cmd -c \
    --cmd 'echo "Hello from $(hostname), process $$ of this container, running as $(id -un)"'
run ocimg list image
run ocimg inspect --image image:latest

say "4. Unpack the image into a bundle: a root filesystem and its config.json"
run ocimg unpack --image image:latest bundle
run ls bundle bundle/rootfs

say "5. Run the bundle"
# A pipe or a file is no terminal, so the bundle must not ask for one; ocimg unpack does not.
run ocirun --root "$demo/state" run --bundle bundle "demo-$$"

say "Done. The image is $demo/image, the bundle $demo/bundle. Next: README.md, 'Five minutes'."
