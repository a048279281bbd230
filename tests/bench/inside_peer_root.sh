#!/bin/bash
# The part of run.sh that runs in namespaces of its own, with a Debian 13 root as its root.
#
#   inside_peer_root.sh enter PEER_ROOT WORK_DIRECTORY CGROUPS WHAT RUNS
#
# CGROUPS is v2 (a pure cgroup v2 tree) or host (the machine's own tree, where memory can be limited).
set -euo pipefail

if [ "$1" = enter ]; then
    peer=$2 work=$3 cgroups=$4
    shift 4
    mount --bind "$peer" "$peer"
    mount -t proc proc "$peer/proc"
    mount --rbind /dev "$peer/dev"
    mount -t sysfs sysfs "$peer/sys"
    case "$cgroups" in
        v2) mount -t cgroup2 cgroup2 "$peer/sys/fs/cgroup" ;;
        host)
            if [ -d /sys/fs/cgroup/unified ]; then
                # crun refuses a hybrid of v1 and v2 that has controllers in both: leave v2 out, for all.
                mount -t tmpfs tmpfs "$peer/sys/fs/cgroup"
                for controller in /sys/fs/cgroup/*/; do
                    name=$(basename "$controller")
                    if [ "$name" = unified ]; then continue; fi
                    mkdir "$peer/sys/fs/cgroup/$name"
                    mount --bind "$controller" "$peer/sys/fs/cgroup/$name"
                done
            else
                mount --rbind /sys/fs/cgroup "$peer/sys/fs/cgroup"
            fi
            ;;
    esac
    mount -t tmpfs tmpfs "$peer/run"
    mount -t tmpfs tmpfs "$peer/tmp"
    mount --bind "$work" "$peer/mnt"
    cd "$peer"
    # Runtimes pivot themselves, which a mere chroot does not allow.
    pivot_root . .
    umount --lazy .
    cd /mnt
    exec /bin/bash /mnt/inside_peer_root.sh "$@"
fi

what=$1 runs=$2
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
names=(ocirun crun runc)
declare -A program=([ocirun]=/mnt/ocirun [crun]=/usr/bin/crun [runc]=/usr/sbin/runc)

# works NAME: whether one run succeeds. Its error goes to /tmp/error.
works() { "${program[$1]}" run --bundle /mnt/bundle "try-$1" </dev/null >/dev/null 2>/tmp/error; }
clean_up() { "${program[$1]}" delete --force "try-$1" >/dev/null 2>&1 || true; }

case "$what" in
    run)
        commands=()
        refused=()
        for name in "${names[@]}"; do
            if works "$name"; then
                commands+=(-- "$name" "${program[$name]}" run --bundle /mnt/bundle "bench-$name")
            else
                clean_up "$name"
                refused+=("$name does not run here: $(tail -n 1 /tmp/error)")
            fi
        done
        if [ ${#commands[@]} -gt 0 ]; then /mnt/alternate --runs "$runs" --warmup 5 "${commands[@]}"; fi
        if [ ${#refused[@]} -gt 0 ]; then printf '\n%s\n' "${refused[@]}"; fi
        ;;
    version)
        commands=()
        for name in "${names[@]}"; do commands+=(-- "$name" "${program[$name]}" --version); done
        # What any process costs here, start to exit, however little it does.
        commands+=(-- 'busybox true' /mnt/bundle/rootfs/bin/true)
        /mnt/alternate --runs "$runs" --warmup 5 "${commands[@]}"
        ;;
    memory)
        printf '| | smallest limit |\n|---|--:|\n'
        original=$(cat /mnt/bundle/config.json)
        # The default command line has no jq: the limit goes in front of what stands in "resources".
        for name in "${names[@]}"; do
            found=''
            for kib in 128 256 384 512 768 1024 1536 2048 3072 4096 6144 8192 12288 16384 24576 32768 65536; do
                printf '%s' "${original/\"resources\": \{/\"resources\": \{\"memory\": \{\"limit\": $((kib * 1024))\},}" \
                    >/mnt/bundle/config.json
                passed=0
                for ((i = 0; i < runs; ++i)); do
                    if works "$name"; then passed=$((passed + 1)); else clean_up "$name"; break; fi
                done
                if [ "$passed" -eq "$runs" ]; then found=$kib; break; fi
            done
            if [ -n "$found" ]; then found="$found KiB"; fi
            printf '| %s | %s |\n' "$name" "${found:-none up to 64 MiB: $(tail -n 1 /tmp/error)}"
        done
        printf '%s' "$original" >/mnt/bundle/config.json
        ;;
    *)
        . /mnt/inside_lifecycle.sh
        bench_lifecycles "$what"
        ;;
esac
