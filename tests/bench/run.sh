#!/bin/bash
# Measures ocirun against runc and crun, and ocimg against umoci; prints Markdown.
#
#   tests/bench/run.sh [--write] [--runs N] [--only runtime|unpack|images]
#
# --write puts the sections that were measured into docs/performance.md and leaves the others and what is written
# by hand there as they are. Needs root, and a machine that does nothing else.
# The newer peers come from a Debian 13 root that is made once in $OCI_TEST_CACHE (default:
# /var/cache/oci-tools-tests). Nothing is asserted: the numbers are for people to judge.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
cache=${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}

write='' runs=100 only=all
while [ $# -gt 0 ]; do
    case "$1" in
        --write) write=yes ;;
        --runs) runs=${2:?--runs needs a number}; shift ;;
        --only) only=${2:?--only needs runtime, unpack or images}; shift ;;
        *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
[ "$(id -u)" -eq 0 ] || { echo "bench: containers and root filesystems need root" >&2; exit 1; }

cd "$source"
{
    ./scripts/setup.sh --tests
    ./scripts/build.sh release
    cmake --preset test
    cmake --build --preset test --target alternate floor crowd docker_seccomp
} >&2
alternate=$source/build/test/tests/alternate
mkdir -p "$cache"
work=$(mktemp -d "$cache/bench.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
peer=$("$source/tests/support/make_peer_root.sh" "$cache")

machine() {
    local model
    model=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
    printf 'Measured on %s, %s processors, Linux %s, load %s at the start. ' "${model:-an unnamed processor}" "$(nproc)" \
        "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)"
    printf 'Medians; each round runs the programs one after the other, in a changing order. '
    printf 'MAD is the median distance from the median.\n'
}

versions() {
    chroot "$peer" sh -c 'dpkg-query -W -f "\${Package} \${Version}, " crun runc' | sed 's/, $//'
}

runtime() {
    local bundle=$work/bundle inside
    mkdir -p "$bundle/rootfs/bin" "$bundle/rootfs/proc" "$bundle/rootfs/dev" "$bundle/rootfs/sys"
    cp "$(command -v busybox)" "$bundle/rootfs/bin/true"
    # The configuration `runc spec` writes; only the command is another, and nobody is at a terminal.
    (cd "$bundle" && "$source/build/release/ocirun" spec)
    jq '.process.args = ["/bin/true"] | .process.terminal = false' "$bundle/config.json" >"$bundle/config.new"
    mv "$bundle/config.new" "$bundle/config.json"
    cp "$source/build/release/ocirun" "$alternate" "$source/build/test/tests/floor" "$source/build/test/tests/crowd" \
        "$here"/inside_*.sh "$work/"
    # The same with Docker's default filter of system calls, and one that stays.
    mkdir -p "$work/docker" "$work/sleeper"
    cp -al "$bundle/rootfs" "$work/docker/"
    cp -al "$bundle/rootfs" "$work/sleeper/"
    cp "$(command -v busybox)" "$work/sleeper/rootfs/bin/sleep"
    "$source/build/test/tests/docker_seccomp" >"$work/filter.json"
    jq --slurpfile filter "$work/filter.json" '.linux.seccomp = $filter[0].linux.seccomp' "$bundle/config.json" \
        >"$work/docker/config.json"
    jq '.process.args = ["/bin/sleep", "10000"]' "$work/docker/config.json" >"$work/sleeper/config.json"

    # What was just written lies in the page cache in larger pieces than what is read, and is mapped in larger pieces.
    sync
    { echo 1 >/proc/sys/vm/drop_caches; } 2>/dev/null || echo "bench: the page cache cannot be dropped here" >&2

    printf '\n## ocirun\n\n### `run` of /bin/true, start to exit: default configuration, Docker'\''s default seccomp profile, cgroup v2\n\n'
    enter_peer_root v2 filtered "$runs"
    printf '\n### The same without a filter of system calls\n\n'
    enter_peer_root v2 run "$runs"
    printf '\n### `create`, `start` and `delete` of it\n\n'
    enter_peer_root v2 lifecycle "$runs"
    printf '\n### `exec` of /bin/true into a running container\n\n'
    enter_peer_root v2 exec "$runs"
    printf '\n### Start-up of the bare binary (`--version`), beside a program that does nothing\n\n'
    enter_peer_root v2 version "$runs"
    printf '\n### Memory of the process that waits for `start`\n\n'
    enter_peer_root v2 waiting 21
    printf '\n### Smallest memory limit under which `run` of /bin/true works, three times of three\n\n'
    enter_peer_root host memory 3
    printf '\n### Many containers\n\n'
    enter_peer_root v2 crowd 1
    printf '\n### `docker run --rm` of true, through one Docker Engine\n\n'
    RUNTIME=$source/build/release/ocirun OCI_BUILD=$source/build/test "$here/docker_run.sh" "$((runs / 6 + 1))" 2>"$work/docker.log" ||
        tail -n 3 "$work/docker.log"
    printf '\n### Phases of `run`, as `--trace-phases` prints them\n\n'
    enter_peer_root v2 phases 1
    printf '\n### Size of the program (stripped, as shipped)\n\n| | size | linked |\n|---|--:|---|\n'
    strip -o "$work/ocirun.stripped" "$source/build/release/ocirun"
    size_row ocirun "$work/ocirun.stripped"
    size_row crun "$peer/usr/bin/crun"
    size_row runc "$peer/usr/sbin/runc"
}

size_row() { # LABEL FILE
    local linked=static
    if readelf -d "$2" 2>/dev/null | grep -q NEEDED; then
        linked="dynamic, $(readelf -d "$2" | grep -c NEEDED) libraries"
    fi
    printf '| %s | %s KiB | %s |\n' "$1" "$(($(stat -c %s "$2") / 1024))" "$linked"
}

# enter_peer_root CGROUPS WHAT RUNS: in namespaces of its own, with the Debian 13 root as root.
enter_peer_root() {
    unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
        bash "$here/inside_peer_root.sh" enter "$peer" "$work" "$@" </dev/null
}

# Runs a command with a tmpfs on $work/memory that nobody else sees.
in_memory() {
    mkdir -p "$work/memory"
    unshare --mount -- bash -c 'mount -t tmpfs tmpfs "$1" && shift && exec "$@"' - "$work/memory" "$@"
}

unpack() {
    local image ocimg=$source/build/release/ocimg
    image=$("$source/tests/support/make_real_image.sh" "$cache")
    "$ocimg" new --image "$work/small:latest" >/dev/null
    mkdir -p "$work/files/bin"
    cp "$(command -v busybox)" "$work/files/bin/"
    "$ocimg" append --image "$work/small:latest" "$work/files" >/dev/null
    printf '\n## ocimg\n\nA real image: Debian 12 with g++ and Python, %s compressed. Peer: %s.\n' \
        "$(du -sh "${image%:*}" | cut -f1)" "$(umoci --version)"
    printf '\n### `unpack` into memory (tmpfs): what the programs themselves take\n\n'
    in_memory "$alternate" --runs 7 --warmup 1 --remove "$work/memory/out" \
        -- ocimg "$ocimg" unpack --image "$image" "$work/memory/out" \
        -- umoci umoci unpack --image "$image" "$work/memory/out"
    printf '\n### `unpack` onto the disk of this machine, after everything before was written\n\n'
    "$alternate" --runs 3 --warmup 1 --aside "$work/out" \
        -- ocimg "$ocimg" unpack --image "$image" "$work/out" \
        -- umoci umoci unpack --image "$image" "$work/out"
    cat <<'MD'

Where something was deleted within the last minutes, an ext4 without a journal is slow to make files: it does not use their
inodes again, and looks at each of them anew for every file made nearby (`recently_deleted` took half of an unpack in a profile
of the kernel). `ocimg` asks for a place away from there, other programs pay. So results on the disk are put aside here and
deleted at the end; `tests/bench/images.sh --only floor` measures both ways.
MD
    printf '\n### Memory does not grow with the image\n\n'
    in_memory "$alternate" --runs 5 --warmup 1 --remove "$work/memory/out" \
        -- 'ocimg, busybox alone' "$ocimg" unpack --image "$work/small:latest" "$work/memory/out" \
        -- 'ocimg, the real image' "$ocimg" unpack --image "$image" "$work/memory/out"
}

# Many small files, shared layers, repack, linearity, the floor.
images() {
    printf '\n## ocimg as a store\n'
    "$here/images.sh" --ocimg "$source/build/release/ocimg" --alternate "$alternate"
}

report() {
    printf '# Performance\n\nRepeat it with `tests/bench/run.sh` as root on an idle machine; `--write` renews this page.\n'
    printf 'Budgets: `run`, `create` with `start` and `delete`, and `exec` in at most 0.7 of crun'\''s time, `run` in at most 0.25 of runc'\''s\n'
    printf 'and about 1.3 of the floor on cgroup v2, bare start-up in at most 1 ms, `unpack` in at most 0.4 of umoci'\''s time with memory that does not grow with the image.\n\n'
    machine
    printf 'Peers: %s, from Debian 13.\n' "$(versions)"
    case "$only" in
        all) runtime && unpack && images ;;
        runtime) runtime ;;
        unpack) unpack ;;
        images) images ;;
        *) echo "bench: --only takes runtime, unpack or images" >&2; return 2 ;;
    esac
}

if [ -n "$write" ]; then
    report | tee "$work/performance.md"
    "$here/renew_page.py" docs/performance.md "$work/performance.md"
    echo "bench: wrote docs/performance.md" >&2
else
    report
fi
