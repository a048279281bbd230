# Functions that make bundles for the shell tests: a busybox root filesystem and a config.json to edit.
# Sourced after shell_test.sh, inside of the sandbox.
# shellcheck shell=bash

make_rootfs() { # DIR: a root filesystem out of Debian's busybox-static
    local root=$1
    mkdir -p "$root"/{bin,dev,etc,home/guest,mnt,proc,root,run,sbin,sys,usr/bin,usr/sbin,var}
    mkdir -p "$root/tmp" && chmod 1777 "$root/tmp"
    cp "$(command -v busybox)" "$root/bin/busybox"
    "$root/bin/busybox" --install "$root/bin" # hard links, one process
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'guest:x:1000:1000:guest:/home/guest:/bin/sh' >"$root/etc/passwd"
    printf '%s\n' 'root:x:0:' 'guest:x:1000:' 'wheel:x:10:guest' >"$root/etc/group"
    : >"$root/etc/resolv.conf"
    chown 1000:1000 "$root/home/guest"
}

# The configuration that `runc spec` writes, without a terminal, with the tests' own cgroup and without a
# network namespace (making one is slow; the tests that look at networks add it).
base_config() { # NAME ARGS...
    local name=$1
    shift
    jq -n --arg cgroup "/$test_cgroup-$name" '{
      ociVersion: "1.0.2",
      process: {
        terminal: false, user: {uid: 0, gid: 0}, args: $ARGS.positional, cwd: "/", noNewPrivileges: true,
        env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
        capabilities: (["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"] as $caps
          | {bounding: $caps, effective: $caps, permitted: $caps}),
        rlimits: [{type: "RLIMIT_NOFILE", hard: 1024, soft: 1024}]
      },
      root: {path: "rootfs", readonly: false},
      hostname: "box",
      mounts: [
        {destination: "/proc", type: "proc", source: "proc"},
        {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {destination: "/dev/pts", type: "devpts", source: "devpts",
         options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]},
        {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]}
      ],
      linux: {
        cgroupsPath: $cgroup,
        resources: {devices: [{allow: false, access: "rwm"}]},
        namespaces: [{type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}],
        maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
        readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
      }
    }' --args -- "$@"
}

# Bundles of one test share one rootfs tree by default: a copy is only needed by tests that damage it.
make_bundle() { # DIR [ARGS...]: DIR/config.json and DIR/rootfs; the process is ARGS (default: sleep 1000)
    local dir=$1
    shift
    [ $# -gt 0 ] || set -- sleep 1000
    mkdir -p "$dir"
    [ -d "$dir/rootfs" ] || make_rootfs "$dir/rootfs"
    base_config "$(basename "$dir")" "$@" >"$dir/config.json"
}

edit_config() { # DIR [JQ OPTIONS...] FILTER: rewrites DIR/config.json
    local dir=$1
    shift
    jq "$@" <"$dir/config.json" >"$dir/config.json.new" && mv "$dir/config.json.new" "$dir/config.json"
}

set_args() { # DIR ARGS...: sets process.args
    local dir=$1
    shift
    jq '.process.args = $ARGS.positional' <"$dir/config.json" --args -- "$@" >"$dir/config.json.new" &&
        mv "$dir/config.json.new" "$dir/config.json"
}

status_of() { # ID: prints the status that `state` reports
    rt state "$1" 2>/dev/null | jq -r .status
}
status_is() { [ "$(status_of "$1")" = "$2" ]; }
