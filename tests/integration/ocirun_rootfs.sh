#!/bin/bash
# The root filesystem: mounts and their options, devices, masked and readonly paths, the root itself.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b
edit_config b '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_CHOWN"]'
cp b/config.json base.json
configure() {
    local filter=$1
    shift
    jq --arg dir "$test_dir" "$filter | .process.args = \$ARGS.positional" <base.json --args -- "$@" >b/config.json
}
run_with() { configure "$@" && rt run -b b one; }
# mounted MOUNT COMMAND...: runs the command with one more mount, written as a jq object.
mounted() {
    local mount=$1
    shift
    run_with ".mounts += [$mount]" "$@"
}
bind() { echo "{destination: \"$2\", type: \"bind\", source: (\$dir + \"/$1\"), options: [$3]}"; }
# The options of the mount point $1 as mountinfo shows them: those of the mount, then those of the filesystem.
options_of() { echo "awk -v p=$1 '\$5 == p { split(\$0, h, \" - \"); n = split(h[2], s, \" \"); line = \$6 \" \" s[n] } END { print line }' /proc/self/mountinfo"; }

mkdir -p host/inner host/deep && echo data >host/file && echo other >host/inner/file
mount -t tmpfs -o size=64k inner host/deep && echo deep >host/deep/file
own_mounts="^mount $test_dir/host/deep$"
left_mounts_of_runtime() { left_mounts | grep -v "$own_mounts"; }

# --- kinds -----------------------------------------------------------------------------------------
check_output "bind of a directory" data mounted "$(bind host /mnt '"bind"')" cat /mnt/file
check_output "bind does not take the mounts below" '' mounted "$(bind host /mnt '"bind"')" ls /mnt/deep
check_output "rbind does" deep mounted "$(bind host /mnt '"rbind"')" cat /mnt/deep/file
check_output "bind is by option, the type does not matter" data \
    mounted '{destination: "/mnt", type: "none", source: ($dir + "/host"), options: ["bind"]}' cat /mnt/file
check_output "bind without a type" data mounted '{destination: "/mnt", source: ($dir + "/host"), options: ["rbind"]}' cat /mnt/file
check_output "bind of a file onto a file" data mounted "$(bind host/file /etc/resolv.conf '"bind"')" cat /etc/resolv.conf
check_output "bind of a file onto a missing target" data mounted "$(bind host/file /new/dir/target '"bind"')" cat /new/dir/target
check "the target was made as a file" test -f b/rootfs/new/dir/target
check_output "bind of a directory onto a missing target" data mounted "$(bind host /new/mount '"bind"')" cat /new/mount/file
cp -r host b/relative
check_output "a relative source is taken from the bundle" data \
    mounted '{destination: "/mnt", type: "bind", source: "relative", options: ["bind"]}' cat /mnt/file
check_output "tmpfs" tmpfs mounted '{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["size=64k", "mode=0711"]}' stat -f -c %T /mnt
check_output "the data of a tmpfs: mode" 711 \
    mounted '{destination: "/missing/target", type: "tmpfs", source: "tmpfs", options: ["size=64k", "mode=0711"]}' stat -c %a /missing/target
if is_ocirun; then # runc 1.1 keeps the mode of the directory below
    check_output "mode counts on a directory that exists" 711 \
        mounted '{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["mode=0711"]}' stat -c %a /mnt
fi
check_output "later mounts stand on earlier ones" data run_with \
    '.mounts += [{destination: "/mnt", type: "tmpfs", source: "t"}, {destination: "/mnt/x", type: "bind", source: ($dir + "/host"), options: ["bind"]}]' cat /mnt/x/file
check_match "proc" '^[0-9]+ .* /proc .* - proc ' run_with . cat /proc/self/mountinfo
check_match "sysfs, read-only" ' /sys ro,.* - sysfs ' run_with . cat /proc/self/mountinfo
check_match "devpts with its options" ' /dev/pts rw,nosuid,noexec.* - devpts devpts rw,gid=5,mode=620,ptmxmode=666' run_with . cat /proc/self/mountinfo
check_match "mqueue" ' /dev/mqueue .* - mqueue ' run_with . cat /proc/self/mountinfo
mkdir -p lower upper work && echo low >lower/file
check_output "overlay, with its own options" low mounted \
    '{destination: "/mnt", type: "overlay", source: "overlay", options: ["lowerdir=\($dir)/lower", "upperdir=\($dir)/upper", "workdir=\($dir)/work"]}' cat /mnt/file
check_output "tmpcopyup keeps what was there" $'root:x:0:\ntmpfs' run_with \
    '.mounts += [{destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]' \
    sh -c 'head -n 1 /etc/group; stat -f -c %T /etc'
check_output "and changes go to the copy" 1 run_with \
    '.mounts += [{destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]' sh -c 'echo x >/etc/made; ls /etc | grep -c made'
check_not "not to the rootfs" test -e b/rootfs/etc/made

# --- options ---------------------------------------------------------------------------------------
t='{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ['
for option in ro nosuid nodev noexec noatime nodiratime; do
    check_match "tmpfs $option" "(^|,)$option(,| )" mounted "$t\"$option\"]}" sh -c "$(options_of /mnt)"
    check_match "bind $option" "(^|,)$option(,| )" mounted "$(bind host /mnt "\"bind\", \"$option\"")" sh -c "$(options_of /mnt)"
done
check_match "sync" 'sync' mounted "$t\"sync\"]}" sh -c "$(options_of /mnt)"
check_match "strictatime: neither noatime nor relatime" '^rw [^ ]*$' mounted "$t\"strictatime\"]}" sh -c "$(options_of /mnt)"
check_match "of two opposites the last one wins" '^rw' mounted "$t\"ro\", \"rw\"]}" sh -c "$(options_of /mnt)"
check_match "several flags of a bind" '^ro,nosuid,nodev,noexec' \
    mounted "$(bind host /mnt '"bind", "ro", "nosuid", "nodev", "noexec"')" sh -c "$(options_of /mnt)"
check_match "ro of an rbind is for its top only" '^rw' mounted "$(bind host /mnt '"rbind", "ro"')" sh -c "$(options_of /mnt/deep)"
check_match "rro is for all below" '^ro' mounted "$(bind host /mnt '"rbind", "rro"')" sh -c "$(options_of /mnt/deep)"
check_match "rnosuid, rnodev, rnoexec" '^ro,nosuid,nodev,noexec' \
    mounted "$(bind host /mnt '"rbind", "rro", "rnosuid", "rnodev", "rnoexec"')" sh -c "$(options_of /mnt/deep)"
check_output "a readonly bind refuses writes" refused mounted "$(bind host /mnt '"bind", "ro"')" sh -c 'touch /mnt/x 2>/dev/null || echo refused'
propagation() { echo "sed -n 's|^[0-9]* [0-9]* [0-9:]* [^ ]* $1 [^ ]* \(.*\)- .*|<\1>|p' /proc/self/mountinfo"; }
check_match "shared" 'shared:' mounted "$(bind host /mnt '"rbind", "rshared"')" sh -c "$(propagation /mnt)"
check_output "private" '<>' mounted "$(bind host /mnt '"rbind", "rprivate"')" sh -c "$(propagation /mnt)"
check_match "unbindable" 'unbindable' mounted "$(bind host /mnt '"rbind", "runbindable"')" sh -c "$(propagation /mnt)"
mount --make-shared host/deep
check_match "slave of the host's mount" 'master:' mounted "$(bind host/deep /mnt '"rbind", "rslave"')" sh -c "$(propagation /mnt)"
mount --make-private host/deep
check_fails "an unknown option of a filesystem" 1 '' mounted "$t\"nonsense=1\"]}" true
check_fails "an unknown filesystem" 1 'no such device' mounted '{destination: "/mnt", type: "nonsense", source: "none"}' true
check_fails "a source that does not exist" 1 'no such file or directory' mounted "$(bind nothing /mnt '"bind"')" true
if is_ocirun; then check_fails "and it is named" 1 'mounts[6]' mounted "$(bind nothing /mnt '"bind"')" true; fi

# --- the root --------------------------------------------------------------------------------------
check_output "root.readonly" refused run_with '.root.readonly = true' sh -c 'touch /x 2>/dev/null || echo refused'
check "without it the root is writable" run_with . sh -c 'touch /made && rm /made'
check_output "mounts below a readonly root are writable" '' run_with '.root.readonly = true | .mounts += [{destination: "/mnt", type: "tmpfs", source: "t"}]' touch /mnt/x
check_output "an absolute root.path" here run_with ".root.path = \"$test_dir/b/rootfs\"" echo here
check_output "rootfsPropagation private" '<>' run_with '.linux.rootfsPropagation = "private"' sh -c "$(propagation /)"
is_ocirun && check_match "rootfsPropagation shared" 'shared:' run_with '.linux.rootfsPropagation = "shared"' sh -c "$(propagation /)"
check_output "the host's mounts are out of sight" '' run_with . sed -n '\|/sys/kernel|p; \|/host/deep|p' /proc/self/mountinfo
no_pivot() { configure . sh -c 'ls / | head -n 1' && rt run --no-pivot -b b one; }
check_match "--no-pivot" '^bin$' no_pivot
check_output "the old root is not there" absent run_with . sh -c "[ -e $test_dir ] || echo absent"

# --- masked and readonly paths ---------------------------------------------------------------------
mkdir -p b/rootfs/secret/dir && echo secret >b/rootfs/secret/dir/file && echo secret >b/rootfs/secret.txt
check_output "a masked directory is empty" '' run_with '.linux.maskedPaths += ["/secret"]' ls /secret
check_output "a masked file is empty" '' run_with '.linux.maskedPaths += ["/secret.txt"]' cat /secret.txt
check_output "a masked path that does not exist is no error" ok run_with '.linux.maskedPaths += ["/no/such/path"]' echo ok
check_output "masked directories refuse writes" refused run_with '.linux.maskedPaths += ["/secret"]' sh -c 'touch /secret/x 2>/dev/null || echo refused'
check_output "a readonly path" refused run_with '.linux.readonlyPaths += ["/secret"]' sh -c 'touch /secret/dir/x 2>/dev/null || echo refused'
check_output "it can still be read" secret run_with '.linux.readonlyPaths += ["/secret"]' cat /secret/dir/file
check_output "a readonly path that does not exist is no error" ok run_with '.linux.readonlyPaths += ["/no/such/path"]' echo ok
check_output "/proc/sys is readonly" refused run_with . sh -c '(echo 1 >/proc/sys/kernel/msgmax) 2>/dev/null || echo refused'

# --- links that lead nowhere: images have /etc/resolv.conf as one ------------------------------------
ln -s ../run/resolve/stub.conf b/rootfs/etc/dangling
ln -s /no/where b/rootfs/dangling
echo 'from the host' >host/file
check_output "a file is mounted where a dangling link leads to, inside" 'from the host' \
    run_with '.mounts += [{destination: "/etc/dangling", type: "bind", source: "'"$PWD"'/host/file", options: ["bind"]}]' cat /run/resolve/stub.conf
check_output "and a directory" tmpfs \
    run_with '.mounts += [{destination: "/dangling/below", type: "tmpfs", source: "tmpfs"}]' stat -f -c %T /no/where/below
check_not "nothing of it is outside" test -e /no/where
rm -rf b/rootfs/etc/dangling b/rootfs/dangling b/rootfs/no b/rootfs/run/resolve

# --- devices ---------------------------------------------------------------------------------------
facts='for d in null zero full random urandom tty; do stat -c "%n %F %a %t:%T" /dev/$d; done'
check_output "default devices" "/dev/null character special file 666 1:3
/dev/zero character special file 666 1:5
/dev/full character special file 666 1:7
/dev/random character special file 666 1:8
/dev/urandom character special file 666 1:9
/dev/tty character special file 666 5:0" run_with . sh -c "$facts"
check_output "default links" '/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx' \
    run_with . sh -c 'for l in fd stdin stdout stderr ptmx; do echo $(readlink /dev/$l); done | xargs'
check_output "a device of the config: kind, mode, owner, numbers" '/dev/mine character special file 640 7:9 1:2' \
    run_with '.linux.devices = [{path: "/dev/mine", type: "c", major: 7, minor: 9, fileMode: 416, uid: 1, gid: 2}]' \
    stat -c '%n %F %a %t:%T %u:%g' /dev/mine
check_output "a block device" 'block special file' \
    run_with '.linux.devices = [{path: "/dev/disk", type: "b", major: 7, minor: 9, fileMode: 384}]' stat -c %F /dev/disk
check_output "a fifo" fifo run_with '.linux.devices = [{path: "/dev/pipe", type: "p", fileMode: 384}]' stat -c %F /dev/pipe
check_output "a device outside /dev, in a new directory" 'character special file' \
    run_with '.linux.devices = [{path: "/run/new/mine", type: "c", major: 1, minor: 3, fileMode: 438}]' stat -c %F /run/new/mine
check_output "default devices work" '0 00' run_with . sh -c 'echo x >/dev/null; head -c 0 /dev/urandom; echo $(wc -c </dev/null) $(head -c 1 /dev/zero | od -An -tx1 | tr -d " ")'

# --- what is left ----------------------------------------------------------------------------------
umount host/deep
assert_nothing_left
finish
