#!/bin/bash
# Measurements of the runtimes that are more than one `run`: sourced by inside_peer_root.sh, which has entered the
# root with the peers and set `names`, `program` and `runs`.
# shellcheck shell=bash disable=SC2154

bundle=/mnt/docker # the default configuration with Docker's default seccomp profile
sleeper=/mnt/sleeper

# usable: the names of the runtimes that work here; the others are told in `refused`.
find_usable() {
    local name
    usable=() refused=()
    for name in "${names[@]}"; do
        if "${program[$name]}" run --bundle "$bundle" "try-$name" </dev/null >/dev/null 2>/tmp/error; then
            usable+=("$name")
        else
            "${program[$name]}" delete --force "try-$name" >/dev/null 2>&1 || true
            refused+=("$name does not run here: $(tail -n 1 /tmp/error)")
        fi
    done
}
tell_refused() { if [ ${#refused[@]} -gt 0 ]; then printf '\n%s\n' "${refused[@]}"; fi; }

bench_filtered() { # `run` beside the floor
    local name commands=()
    for name in "${usable[@]}"; do commands+=(-- "$name" "${program[$name]}" run --bundle "$bundle" "bench-$name"); done
    commands+=(-- 'floor: clone3, mounts, pivot_root, execve' /mnt/floor "$bundle/rootfs" /bin/true)
    commands+=(-- 'floor with a cgroup' /mnt/floor "$bundle/rootfs" /sys/fs/cgroup/bench-floor /bin/true)
    /mnt/alternate --runs "$runs" --warmup 5 "${commands[@]}"
}

bench_lifecycle() { # create, start, delete
    local name commands=()
    for name in "${usable[@]}"; do
        commands+=(-- "$name" "${program[$name]}" create --bundle "$bundle" "bench-$name"
            ++ "${program[$name]}" start "bench-$name" ++ "${program[$name]}" delete --force "bench-$name")
    done
    /mnt/alternate --runs "$runs" --warmup 5 "${commands[@]}"
}

bench_exec() { # of /bin/true in a running container
    local name commands=()
    for name in "${usable[@]}"; do
        "${program[$name]}" run --detach --bundle "$sleeper" "sleeper-$name" </dev/null >/dev/null 2>&1
        commands+=(-- "$name" "${program[$name]}" exec "sleeper-$name" /bin/true)
    done
    /mnt/alternate --runs "$runs" --warmup 5 "${commands[@]}" || true
    for name in "${usable[@]}"; do "${program[$name]}" delete --force "sleeper-$name"; done
}

# What the process holds that waits for `start`: its largest resident size so far, and its share of memory now.
# Both depend on where the kernel happens to put the program: medians of many.
bench_waiting() { # CONTAINERS
    local name pid
    printf '| | peak resident (VmHWM) | share now (Pss) |\n|---|--:|--:|\n'
    for name in "${usable[@]}"; do
        : >/tmp/peaks >/tmp/shares
        for _ in $(seq "$1"); do
            "${program[$name]}" create --bundle "$bundle" --pid-file /tmp/pid "waits-$name" </dev/null >/dev/null 2>&1
            pid=$(cat /tmp/pid)
            awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" >>/tmp/peaks
            awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" >>/tmp/shares
            "${program[$name]}" delete --force "waits-$name"
        done
        printf '| %s | %s KiB | %s KiB |\n' "$name" "$(middle </tmp/peaks)" "$(middle </tmp/shares)"
    done
    printf '\nMedians of %s containers each.\n' "$1"
}
middle() { sort -n | awk '{ line[NR] = $1 } END { print line[int((NR + 1) / 2)] }'; }

# Five hundred containers, of the two runtimes that are fast enough to be waited for.
bench_crowd() { # AT_ONCE
    local name commands=()
    for name in "${usable[@]}"; do
        [ "$name" = runc ] || commands+=(-- "$name" "${program[$name]}")
    done
    /mnt/crowd --count "${OCI_BENCH_CROWD:-500}" --at-once "$1" --bundle "$sleeper" --root /tmp/crowd "${commands[@]}"
}

# Where ocirun itself says the time goes: the middle one of the runs, by the time of all of it.
bench_phases() {
    local i
    mkdir -p /tmp/phases
    for ((i = 0; i < 15; ++i)); do
        /mnt/ocirun run --trace-phases --bundle "$bundle" "phases-$i" </dev/null 2>"/tmp/phases/$i" >/dev/null
    done
    # "host all of it TIME" is the sort key.
    # shellcheck disable=SC2012 # names are numbers
    local middle
    middle=$(grep -H '^host .*all of it' /tmp/phases/* | awk '{ print $NF, $1 }' | sort -n | sed -n 8p | sed 's/.* \(.*\):host/\1/')
    printf '```\n%s\n```\n' "$(cat "$middle")"
}

bench_lifecycles() { # WHAT
    find_usable
    case "$1" in
        filtered) bench_filtered ;;
        lifecycle) bench_lifecycle ;;
        exec) bench_exec ;;
        waiting) bench_waiting "$runs" ;;
        crowd) bench_crowd 1 && printf '\n' && bench_crowd 4 ;;
        phases) bench_phases ;;
    esac
    tell_refused
}
