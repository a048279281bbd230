#!/bin/bash
# Measures ocimg's store against umoci: many small files, shared layers, repack, and cost against size; prints
# Markdown.
#
#   tests/bench/images.sh [--ocimg FILE] [--alternate FILE] [--runs N] [--only small|overlay|repack|linear|floor]
#
# Needs root, umoci, and a machine that does nothing else. Without --ocimg the release build is made and used.
# Everything happens in memory (a tmpfs that nobody else sees), but for `floor`, which unpacks the real image
# onto the disk of $OCI_TEST_CACHE beside what no unpacking can do without. Nothing is asserted.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
cache=${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}

ocimg='' alternate='' runs=5 only=all
while [ $# -gt 0 ]; do
    case "$1" in
        --ocimg) ocimg=$(realpath "${2:?}"); shift ;;
        --alternate) alternate=$(realpath "${2:?}"); shift ;;
        --runs) runs=${2:?}; shift ;;
        --only) only=${2:?}; shift ;;
        *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
[ "$(id -u)" -eq 0 ] || { echo "bench: unpacking needs root" >&2; exit 1; }
if [ -z "$ocimg" ] || [ -z "$alternate" ]; then
    {
        cd "$source"
        ./scripts/build.sh release
        cmake --preset test
        cmake --build --preset test --target alternate
    } >&2
    ocimg=$source/build/release/ocimg alternate=$source/build/test/tests/alternate
fi

# Inside a mount namespace of its own, with memory to work in.
if [ -z "${OCI_BENCH_INSIDE-}" ]; then
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/oci-bench.XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    OCI_BENCH_INSIDE=$work unshare --mount --propagation private -- \
        "$0" --ocimg "$ocimg" --alternate "$alternate" --runs "$runs" --only "$only"
    exit
fi
work=$OCI_BENCH_INSIDE
mount -t tmpfs -o size=80% tmpfs "$work"
cd "$work"
export OCIMG_LAYER_CACHE=$work/layer-cache

wanted() { [ "$only" = all ] || [ "$only" = "$1" ]; }

make_image() { # LAYOUT DIRECTORY...: each a layer
    local layout=$1 directory
    shift
    "$ocimg" new --image "$layout:latest" >/dev/null
    for directory in "$@"; do "$ocimg" append --image "$layout:latest" "$directory" >/dev/null; done
}
small_files() { # DIRECTORY NUMBER: 100 to a directory, of 100 to 4000 bytes
    head -c 4000 /dev/urandom | base64 -w0 >pattern
    python3 - "$1" "$2" <<'PY'
import os, sys
top, number = sys.argv[1], int(sys.argv[2])
pattern = open("pattern", "rb").read()
for i in range(number):
    folder = f"{top}/{i // 10000}/{i // 100 % 100}"
    if i % 100 == 0:
        os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/file-{i}", "wb") as file:
        file.write(b"%d" % i + pattern[: 100 + i * 37 % 3900])
PY
}

if wanted small; then
    small_files small 100000
    make_image small-image small
    rm -r small
    printf '\n### `unpack` of 100,000 small files into memory\n\n'
    "$alternate" --runs "$runs" --warmup 1 --remove "$work/out" \
        -- ocimg "$ocimg" unpack --progress none --image small-image:latest out \
        -- umoci umoci unpack --image small-image:latest out
    rm -rf out small-image
fi

if wanted overlay; then
    small_files base 20000
    small_files top 200
    make_image overlay-image base top
    rm -r base top
    "$ocimg" unpack --progress none --overlay --image overlay-image:latest first
    printf '\n### `unpack --overlay` of an image whose layers are cached, and taking it away again\n\n'
    cat >once.sh <<'SH'
#!/bin/sh
"$1" unpack --progress none --overlay --image overlay-image:latest out && "$1" umount --remove out
SH
    chmod +x once.sh
    # A second bundle beside the first: only the mount is new.
    "$alternate" --runs "$((runs * 4))" --warmup 2 \
        -- 'ocimg, unpack and umount --remove' ./once.sh "$ocimg" \
        -- 'ocimg --version' "$ocimg" --version
    printf '\nBytes that a second bundle takes: '
    "$ocimg" unpack --progress none --overlay --image overlay-image:latest second
    printf '%s (config.json and the record)\n' "$(du -sbx --exclude=rootfs second | cut -f1)"
    "$ocimg" umount --remove first && "$ocimg" umount --remove second
    rm -rf layer-cache
fi

if wanted repack; then
    [ -d overlay-image ] || { small_files base 20000 && make_image overlay-image base && rm -r base; }
    for tool in ocimg umoci; do
        progress=''
        [ "$tool" = umoci ] || progress='--progress none'
        program=$tool
        [ "$tool" = umoci ] || program=$ocimg
        # shellcheck disable=SC2086
        "$program" unpack $progress --image overlay-image:latest "bundle-$tool"
        find "bundle-$tool/rootfs" -type f | sed -n '1,100p' | while read -r file; do echo changed >>"$file"; done
    done
    printf '\n### `repack` of 20,000 files after changing 100\n\n'
    "$alternate" --runs "$runs" --warmup 1 \
        -- ocimg "$ocimg" repack --progress none --image overlay-image:changed-1 bundle-ocimg \
        -- 'ocimg --verify' "$ocimg" repack --verify --progress none --image overlay-image:changed-2 bundle-ocimg \
        -- umoci umoci repack --image overlay-image:changed-3 bundle-umoci
    printf '\n### `repack` of 500 MB of new data (half of it compresses)\n\n'
    for tool in ocimg umoci; do
        head -c 250000000 /dev/urandom >"bundle-$tool/rootfs/random"
        { seq 1 40000000 || true; } 2>/dev/null | head -c 250000000 >"bundle-$tool/rootfs/numbers"
    done
    "$alternate" --runs "$((runs > 3 ? 3 : runs))" --warmup 0 \
        -- ocimg "$ocimg" repack --progress none --image overlay-image:more-1 bundle-ocimg \
        -- umoci umoci repack --image overlay-image:more-2 bundle-umoci
    rm -rf bundle-ocimg bundle-umoci overlay-image
fi

if wanted linear; then
    printf '\n### Cost against size: n and 2n\n'
    for number in 20000 40000; do
        small_files "n$number" "$number" && make_image "image-$number" "n$number" && rm -r "n$number"
        mkdir "big-$number" && head -c "$((number * 10000))" /dev/urandom >"big-$number/data"
        make_image "bytes-$number" "big-$number" && rm -r "big-$number"
    done
    for kind in image bytes; do
        printf '\n%s\n\n' "$([ "$kind" = image ] && echo 'Entries: 20,000 and 40,000 files' || echo 'Bytes: 200 and 400 MB')"
        "$alternate" --runs "$runs" --warmup 1 --remove "$work/out" \
            -- n "$ocimg" unpack --progress none --image "$kind-20000:latest" out \
            -- 2n "$ocimg" unpack --progress none --image "$kind-40000:latest" out
    done
    rm -rf out image-20000 image-40000 bytes-20000 bytes-40000
fi

if wanted floor; then
    command -v igzip >/dev/null || { echo "bench: the floor needs igzip: scripts/setup.sh --tests" >&2; exit 1; }
    image=$("$source/tests/support/make_real_image.sh" "$cache")
    disk=$(mktemp -d "$cache/bench.XXXXXX")
    trap 'rm -rf --one-file-system "$disk"' EXIT
    layout=${image%:*}
    manifest=$(jq -r '.manifests[0].digest' "$layout/index.json" | tr : /)
    jq -r '.layers[].digest' "$layout/blobs/$manifest" | tr : / | sed "s,^,$layout/blobs/," >layers
    cat >floor.sh <<'SH'
#!/bin/bash
# What no unpacking can do without: read and hash each layer, inflate it, hash that, write the files.
mkdir -p "$2/rootfs"
while read -r layer; do
    sha256sum "$layer" >/dev/null &
    igzip -dc <"$layer" | tee >(sha256sum >/dev/null) | tar -C "$2/rootfs" --numeric-owner -xpf - --exclude='.wh.*'
    wait
done <"$1"
SH
    chmod +x floor.sh
    for kept in aside remove; do
        printf '\n### `unpack` of the real image onto the disk, beside igzip, sha256sum and tar (the floor)'
        [ "$kept" = aside ] || printf ', where the last result was just deleted'
        printf '\n\n'
        "$alternate" --runs 3 --warmup 1 "--$kept" "$disk/out" \
            -- ocimg "$ocimg" unpack --progress none --image "$image" "$disk/out" \
            -- 'igzip | sha256sum | tar' ./floor.sh layers "$disk/out" \
            -- umoci umoci unpack --image "$image" "$disk/out"
    done
fi
