#!/bin/bash
# Hostile images as a whole, by the rows of the list of attacks: users' files that are none (I09), bombs (I10), user
# ids that wrap (I19), labels that steer runtimes (I20), volumes and directories that climb (I21), file systems for the
# kernel (I23), and what a power cut finds on the disk (M10).
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "unpacking needs root"
for program in jq python3 zstd; do command -v $program >/dev/null || skip_all "$program is not installed"; done
[ -n "${OCI_TEST_INSIDE-}" ] || OCI_TEST_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
ocirun=$(realpath "$OCI_BUILD/ocirun") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'umount "$test_dir/small" 2>/dev/null; rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1

# within SECONDS COMMAND...: its exit code, and an error when it took longer or more than 64 MiB. The sanitizers take
# several times as much of both.
most=64
if sanitized "$ocimg"; then most=512; fi
within() {
    python3 - "$1" "$most" "${@:2}" <<'PY'
import resource, subprocess, sys, time
start = time.monotonic()
code = subprocess.run(sys.argv[3:], stdin=subprocess.DEVNULL).returncode
took = time.monotonic() - start
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
if took > float(sys.argv[1]): sys.exit(f"took {took:.1f} s")
if memory > float(sys.argv[2]): sys.exit(f"took {memory:.0f} MiB")
sys.exit(code)
PY
}
new_image() { # DIRECTORY OR TAR...: image:x with these layers
    rm -rf image bundle
    "$ocimg" new --image image:x || exit 1
    for layer in "$@"; do "$ocimg" append --image image:x "$layer" || exit 1; done
}
unpack() { within "${limit:-2}" "$ocimg" unpack --progress none --image image:x bundle; }
shapes=0
refused() { # NAME TEXT
    shapes=$((shapes + 1))
    check_fails "$1" 1 "$2" unpack
    [ ! -e bundle ] || failed "$1: nothing is left" "$(find bundle | head)"
}
# put_layer FILE: a blob as the only layer of image:x, whatever it is.
put_layer() {
    local digest config
    rm -rf image bundle
    "$ocimg" new --image image:x || exit 1
    digest=$(sha256sum <"$1" | cut -d' ' -f1)
    mv "$1" "image/blobs/sha256/$digest"
    config=$(jq -c --arg d "sha256:$(printf x | sha256sum | cut -d' ' -f1)" '.rootfs.diff_ids = [$d]' "image/blobs/sha256/$("$ocimg" inspect --json --image image:x | jq -r .manifest.config.digest | cut -d: -f2)")
    printf %s "$config" >config
    jq -n --arg type "$2" --arg d "sha256:$digest" --argjson s "$(stat -c %s "image/blobs/sha256/$digest")" \
        --arg cd "sha256:$(sha256sum <config | cut -d' ' -f1)" --argjson cs "$(stat -c %s config)" \
        '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
          config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $cd, size: $cs},
          layers: [{mediaType: $type, digest: $d, size: $s}]}' >manifest
    for file in config manifest; do cp $file "image/blobs/sha256/$(sha256sum <$file | cut -d' ' -f1)"; done
    jq --arg d "sha256:$(sha256sum <manifest | cut -d' ' -f1)" --argjson s "$(stat -c %s manifest)" \
        '.manifests[0].digest = $d | .manifests[0].size = $s' image/index.json >index && cp index image/index.json
}

# --- I09: files of users that are none ------------------------------------------------------------------
echo 'bob:x:0:0::/:/bin/sh' >host-passwd
users_file() { # NAME TEXT: etc/passwd of the directory "layer" is hostile
    new_image layer
    "$ocimg" config --image image:x --user bob
    refused "I09: /etc/passwd is $1" "$2"
    rm -rf layer
    mkdir -p layer/etc
}
mkdir -p layer/etc
mkfifo layer/etc/passwd; users_file "a fifo" "is not a regular file"
mknod layer/etc/passwd c 1 5; users_file "/dev/zero" "is not a regular file"
ln -s /dev/zero layer/etc/passwd; users_file "a link to /dev/zero" "is not a regular file"
ln -s "$test_dir/host-passwd" layer/etc/passwd; users_file "a link to a file of the host" "is not a regular file"
ln -s ../../../../../..$test_dir/host-passwd layer/etc/passwd; users_file "a link that climbs" "is not a regular file"
mkdir layer/etc/passwd; users_file "a directory" "is not a regular file"
truncate -s 10485761 layer/etc/passwd; users_file "10 MiB and a byte" "is larger than the limit of 10485760 bytes"
head -c 8388608 /dev/zero | tr '\0' x >layer/etc/passwd; users_file "one line of 8 MiB" "is not in the image's /etc/passwd"
truncate -s 2G layer/etc/passwd
tar --create --sparse --format=gnu --file sparse.tar -C layer etc
new_image sparse.tar && "$ocimg" config --image image:x --user bob
refused "I09: /etc/passwd is a sparse file of 2 GiB" "is larger than the limit of 10485760 bytes"
rm -rf layer && mkdir -p layer/etc
{ head -c 10485700 /dev/zero | tr '\0' '\n'; echo 'bob:x:5:6::/:/bin/sh'; } | head -c 10485760 >layer/etc/passwd
new_image layer && "$ocimg" config --image image:x --user bob
check "I09: 10 MiB are read" unpack
check_output "I09: and the user is found" '{"uid":5,"gid":6}' jq -c .process.user bundle/config.json
rm -rf layer && mkdir -p layer/etc && mkfifo layer/etc/group && cp host-passwd layer/etc/passwd
new_image layer && "$ocimg" config --image image:x --user bob:staff
refused "I09: /etc/group is a fifo" "is not a regular file"

# --- I10: bombs -------------------------------------------------------------------------------------------
gigabyte() { # a tar with one file of 1 GiB of zeros
    python3 -c '
import sys, tarfile
info = tarfile.TarInfo("zeros"); info.size = 1 << 30
sys.stdout.buffer.write(info.tobuf())
for _ in range(1024): sys.stdout.buffer.write(bytes(1 << 20))
sys.stdout.buffer.write(bytes(1024))'
}
mkdir small && mount -t tmpfs -o size=32m tmpfs small || exit 1
on_small() { within 20 "$ocimg" unpack --progress none --image image:x small/bundle; }
for compression in gzip zstd; do
    gigabyte | $compression -c >bomb
    check "I10: the bomb of $compression is small" test "$(stat -c %s bomb)" -lt 2000000
    put_layer bomb "application/vnd.oci.image.layer.v1.tar+$compression"
    check_fails "I10: a $compression of a gigabyte does not fit" 1 "no space left on device" on_small
    check_output "I10: and leaves nothing" "" ls -A small
    check_fails "I10: --max-size stops it before" 1 "more than --max-size" within 5 "$ocimg" unpack --progress none --max-size 100M --image image:x small/bundle
    check_output "I10: and that leaves nothing" "" ls -A small
done
umount small
# A frame whose window is 2 GiB: one raw byte of content.
printf '\x28\xb5\x2f\xfd\x00\xa8\x09\x00\x00x' >bomb
put_layer bomb application/vnd.oci.image.layer.v1.tar+zstd
refused "I10: zstd with a window of 2 GiB" "too much memory"
python3 -c '
import gzip, sys
sys.stdout.buffer.write(gzip.compress(b"") * 1000000)' >bomb
put_layer bomb application/vnd.oci.image.layer.v1.tar+gzip
limit=10 refused "I10: a million empty members of gzip" "image config says"
printf '\xfd7zXZ\x00\x00\x04' >bomb
put_layer bomb application/vnd.oci.image.layer.v1.tar+xz
refused "I10: xz is not read at all" "not supported"

# --- I19: user ids that wrap --------------------------------------------------------------------------------
mkdir -p users/etc
for name in 2147483648 4294967296 -1 00; do echo "$name:x:0:0::/:/bin/sh"; done >users/etc/passwd
for name in 2147483648 4294967296; do echo "$name:x:0:"; done >users/etc/group
new_image users
with_user() { # sets Config.User whatever ocimg config says of it
    local old new
    old=$("$ocimg" inspect --json --image image:x | jq -r .manifest.config.digest | cut -d: -f2)
    jq -c --arg u "$1" '.config.User = $u' "image/blobs/sha256/$old" | tr -d '\n' >config
    new=$(sha256sum <config | cut -d' ' -f1)
    cp config "image/blobs/sha256/$new"
    old=$(jq -r '.manifests[0].digest' image/index.json | cut -d: -f2)
    jq -c --arg d "sha256:$new" --argjson s "$(stat -c %s config)" '.config.digest = $d | .config.size = $s' "image/blobs/sha256/$old" >manifest
    cp manifest "image/blobs/sha256/$(sha256sum <manifest | cut -d' ' -f1)"
    jq --arg d "sha256:$(sha256sum <manifest | cut -d' ' -f1)" --argjson s "$(stat -c %s manifest)" \
        '.manifests[0].digest = $d | .manifests[0].size = $s' image/index.json >index && cp index image/index.json
}
for user in 2147483648 4294967296 -1 00 1000:4294967296 0:-1 18446744073709551616 +0 1000:2147483648; do
    with_user "$user"
    refused "I19: the user $user, which passwd has as root" "allowed are 0 to 2147483647"
done
for user in ' 0' '0x0' '0 ' '1e3' ':' '0:' ':0' $'0\n'; do
    with_user "$user"
    refused "I19: the user $(printf %q "$user")" "user"
done
with_user 2147483647:2147483647
check "I19: the highest user" unpack
check_output "I19: is who it says" '{"uid":2147483647,"gid":2147483647}' jq -c .process.user bundle/config.json

# --- I20: labels that steer runtimes ------------------------------------------------------------------------
new_image users
labels='org.systemd.property.ExecStart run.oci.handler run.oci.hooks.stdout org.criu.config io.containerd.x io.podman.annotations.x io.container.manager ocirun.anything'
for label in $labels; do "$ocimg" config --image image:x --label "$label=touch /tmp/x" || exit 1; done
"$ocimg" config --image image:x --label harmless=kept
unpack 2>warnings || failed "I20: such an image is unpacked" "$(cat warnings)"
check_output "I20: no label that steers is an annotation" "" jq -r '.annotations | keys[] | select(test("^(org.systemd|run.oci|org.criu|io.containerd|io.podman|ocirun)"))' bundle/config.json
check_output "I20: others are" kept jq -r .annotations.harmless bundle/config.json
for label in org.systemd.property.ExecStart run.oci.handler org.criu.config io.containerd.x io.podman.annotations.x ocirun.anything; do
    check "I20: a warning names $label" grep -q "label \"$label\" of the image is left out" warnings
done

# --- I21: volumes and working directories that climb -----------------------------------------------------------
mkdir -p canary volumes/bin volumes/real
echo secret >canary/secret
cp "$(command -v busybox)" volumes/bin/busybox && ln -s busybox volumes/bin/sh
ln -s "$test_dir/canary" volumes/link
ln -s ../../../../../..$test_dir/canary volumes/climbing
config_field() { # FILTER: changes the config's "config" object
    with_user ''
    jq -c "$1" config | tr -d '\n' >changed
    rm -f old && cp changed config
    local new old
    new=$(sha256sum <config | cut -d' ' -f1)
    cp config "image/blobs/sha256/$new"
    old=$(jq -r '.manifests[0].digest' image/index.json | cut -d: -f2)
    jq -c --arg d "sha256:$new" --argjson s "$(stat -c %s config)" '.config.digest = $d | .config.size = $s' "image/blobs/sha256/$old" >manifest
    cp manifest "image/blobs/sha256/$(sha256sum <manifest | cut -d' ' -f1)"
    jq --arg d "sha256:$(sha256sum <manifest | cut -d' ' -f1)" --argjson s "$(stat -c %s manifest)" \
        '.manifests[0].digest = $d | .manifests[0].size = $s' image/index.json >index && cp index image/index.json
}
new_image volumes
for volume in /../../etc .. / /a/../.. relative '' /x/../../..; do
    config_field "$(jq -nr --arg v "$volume" '".config.Volumes = {\($v | tojson): {}}"')"
    refused "I21: the volume \"$volume\"" "config.Volumes"
done
for volume in /link /climbing /link/sub; do
    config_field "$(jq -nr --arg v "$volume" '".config.Volumes = {\($v | tojson): {}} | .config.Cmd = [\"/bin/sh\", \"-c\", \"busybox find / -xdev -name secret; busybox find \($v) -name secret\"] | .config.Env = [\"PATH=/bin\"]"')"
    # A runtime may refuse such a mount, or make it inside: nothing of the host shows either way.
    check "I21: the volume $volume that is a link" unpack
    check_output "I21: shows nothing of the host" "" sh -c "$(printf '%q ' "$ocirun" --root "$test_dir/state" run --bundle bundle i21) 2>/dev/null; true"
    rm -rf bundle
done
check_output "I21: and changes nothing there" secret cat canary/secret
config_field '.config.WorkingDir = "../../etc"'
refused "I21: a working directory that is relative" "config.WorkingDir"
# The volume of before is made where its link leads to, inside of the root: that is "sub".
for directory in "/../../..$test_dir/canary" /link; do
    config_field "$(jq -nr --arg d "$directory" '".config.WorkingDir = \($d | tojson) | .config.Cmd = [\"/bin/sh\", \"-c\", \"busybox ls | busybox grep -vx sub\"] | .config.Env = [\"PATH=/bin\"]"')"
    check "I21: the working directory $directory" unpack
    check_output "I21: shows nothing of the host" "" sh -c "$(printf '%q ' "$ocirun" --root "$test_dir/state" run --bundle bundle i21) 2>/dev/null; true"
    check "I21: nor is anything made there" test "$(ls canary)" = secret
    rm -rf bundle
done

# --- I23: file systems for the kernel ------------------------------------------------------------------------
for type in application/vnd.erofs application/vnd.oci.image.layer.squashfs application/vnd.stacker.image.layer.erofs+zstd; do
    printf 'hsqs' >blob
    put_layer blob "$type"
    refused "I23: a layer of the type $type" "not supported"
done

# --- M10: a power cut ------------------------------------------------------------------------------------------
if command -v strace >/dev/null; then
    new_image users
    traced() { strace -f -y -s 300 -e trace=fsync,fdatasync,syncfs,rename,renameat,renameat2,linkat -o trace "$@" >/dev/null 2>&1; }
    # Each file that gets its name by a rename was synced before, and its directory afterwards.
    unsynced() {
        python3 - <<'PY'
import re
synced, dirty, named = set(), [], 0
for line in open("trace"):
    call = re.search(r"\b(?:fsync|fdatasync)\((\d+)<([^>]*)>", line)
    if call:
        path = call[2]
        synced.update((path, call[1]))
        dirty = [name for name in dirty if name.rsplit("/", 1)[0] != path]
        continue
    call = re.search(r"\blinkat\(.*\"/proc/self/fd/(\d+)\", \d+<([^>]*)>, \"([^\"]*)\"", line)
    if call and " = 0" in line:
        named += 1
        if call[1] not in synced: print("named without a sync:", call[3])
        synced.discard(call[1])
        dirty.append(call[2] + "/" + call[3])
        continue
    if "syncfs(" in line:
        synced, dirty = set(), []
        continue
    call = re.search(r"\b(?:renameat2?|rename)\((?:\d+<([^>]*)>|AT_FDCWD<([^>]*)>), \"([^\"]*)\", (?:\d+<([^>]*)>|AT_FDCWD<([^>]*)>), \"([^\"]*)\"", line)
    if not call or " = 0" not in line: continue
    old = (call[1] or call[2]) + "/" + call[3]
    new = (call[4] or call[5]) + "/" + call[6]
    if "/image/" not in new: continue
    named += 1
    if old not in synced: print("renamed without a sync:", new)
    dirty.append(new)
for name in dirty: print("directory not synced after:", name)
if named < 3: print("only", named, "files got a name")
PY
    }
    check "M10: append under strace" traced "$ocimg" append --image image:x volumes
    check_output "M10: every blob and the index are on the disk before they have their names" "" unsynced
    check "M10: config under strace" traced "$ocimg" config --image image:x --env A=1
    check_output "M10: the same for an edit" "" unsynced
    check "M10: unpack --sync under strace" traced "$ocimg" unpack --sync --progress none --image image:x bundle
    check_output "M10: the tree is on the disk before the bundle is whole" "1" \
        awk '/syncfs\(/ { synced = 1 } /ocimg.json/ && /rename/ { print synced + 0 }' trace
else
    skip "M10: what a power cut finds" "strace is not installed"
fi
echo "hostile images: $shapes shapes that are refused"
check "at least 40 shapes" test "$shapes" -ge 40
finish
