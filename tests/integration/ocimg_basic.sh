#!/bin/bash
# ocimg alone: make an image, change it, list and show it, unpack it, and get the same files back.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "files of several owners need root"
for program in jq python3 busybox; do
    command -v $program >/dev/null || skip_all "$program is not installed"
done
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
unset SOURCE_DATE_EPOCH

# Kind, mode, owner, times, links, sizes, contents and xattrs of everything below a directory.
describe_tree() { # DIRECTORY
    (cd "$1" && find . -mindepth 1 -printf '%P|%y|%m|%U:%G|%T@|%l|%n\n' | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
        python3 -c '
import os
for top, folders, files in sorted(os.walk(".")):
    for name in sorted(folders + files):
        path = os.path.join(top, name)
        for key in sorted(os.listxattr(path, follow_symlinks=False)):
            print(path, key, os.getxattr(path, key, follow_symlinks=False))')
}
same_trees() { diff <(describe_tree "$1") <(describe_tree "$2"); }
image_digest() { jq -r ".manifests[] | select(.annotations[\"org.opencontainers.image.ref.name\"] == \"$2\").digest" "$1/index.json"; }
config_json() { jq -c "$2" "$1/config.json"; }
only_blobs() { [ -z "$(find "$1" -type f ! -name index.json ! -name oci-layout ! -path '*/blobs/sha256/*')" ] && [ -z "$(find "$1" -name '.*' ! -name .)" ]; }

make_files() { # DIRECTORY: one of every kind
    mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/$(printf 'long%.0s' {1..30})/$(printf 'name%.0s' {1..40})"
    cp "$(command -v busybox)" "$1/bin/busybox"
    ln -s busybox "$1/bin/sh"
    ln "$1/bin/busybox" "$1/bin/hard"
    printf 'root:x:0:0::/root:/bin/sh\nbob:x:1001:1002::/:/bin/sh\n' >"$1/etc/passwd"
    printf 'root:x:0:\nbob:x:1002:\naudio:x:29:bob\n' >"$1/etc/group"
    : >"$1/etc/empty"
    printf 'x' >"$1/etc/café"
    head -c 3000000 /dev/urandom >"$1/etc/random"
    chmod 1777 "$1/tmp"
    chmod 4755 "$1/bin/busybox"
    chmod 0 "$1/etc/random"
    chown 12:34 "$1/etc/empty"
    chown -h 56:78 "$1/bin/sh"
    mkfifo "$1/tmp/fifo"
    mknod "$1/tmp/null" c 1 3
    python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.note", b"\0\xff value")' "$1/etc/empty"
    touch -d '2001-02-03 04:05:06.123456789' "$1/etc/passwd" "$1/etc"
    touch -h -d '1969-12-31 23:59:58 UTC' "$1/bin/sh"
}
make_files files

check "an empty layout is made" "$ocimg" new empty
check_output "its list has only a heading" "TAG  PLATFORM  DIGEST  SIZE  CREATED" "$ocimg" list empty
check_fails "a layout is not made twice" 1 "exists and is not empty" "$ocimg" new empty
check "an image without layers is made, and its layout" "$ocimg" new --image image:latest --platform linux/arm64
check_fails "a tag is not made twice" 1 'tag "latest" exists already' "$ocimg" new --image image:latest
check_output "the platform is listed" linux/arm64 jq -r '.manifests[0].platform | .os + "/" + .architecture' image/index.json
check "an image without layers can be unpacked" "$ocimg" unpack --image image:latest nothing
check_output "its root is empty" "" find nothing/rootfs -mindepth 1

for compression in none gzip zstd; do
    check "append a directory ($compression)" "$ocimg" append --image image:latest --tag "$compression" --compression "$compression" files
    check "unpack it ($compression)" "$ocimg" unpack --image "image:$compression" "bundle-$compression"
    check "the files are the same ($compression)" same_trees files "bundle-$compression/rootfs"
done
check_output "the bundle is nobody else's" 700 stat -c %a bundle-gzip
first=$(image_digest image gzip)
check "append the same directory again" "$ocimg" append --image image:latest --tag again files
check_output "the same input gives the same digest" "$first" image_digest image again
check "the layout holds nothing but its own files" only_blobs image

tar --format=pax --numeric-owner -C files -cf files.tar .
check "append a tar archive" "$ocimg" append --image image:latest --tag tar files.tar
check "unpack it" "$ocimg" unpack --image image:tar bundle-tar
gzip -k files.tar
append_stdin() { "$ocimg" append --image image:latest --tag stdin - <files.tar.gz; }
check "append a compressed tar archive from standard input" append_stdin
check_output "it is the same layer as the plain one" "$(image_digest image tar)" image_digest image stdin
check_fails "a file that is no tar is refused" 1 "etc/passwd" "$ocimg" append --image image:latest files/etc/passwd
check_fails "an absent directory is refused" 1 "no such file or directory" "$ocimg" append --image image:latest absent
check_output "a refused layer leaves the tag alone" "[]" jq -c .layers "image/blobs/sha256/$(image_digest image latest | cut -d: -f2)"
check "no temporary file stays either" only_blobs image

mkdir -p upper/etc upper/opt
: >upper/etc/.wh.empty
echo new >upper/opt/new
check_fails "a directory cannot hold whiteouts by accident" 1 ".wh." "$ocimg" append --image image:gzip --tag two upper
tar --numeric-owner -C upper -cf upper.tar etc opt
check "append a second layer that deletes a file" "$ocimg" append --image image:gzip --tag two upper.tar
check "unpack both layers" "$ocimg" unpack --image image:two bundle-two
check "the deleted file is gone" test ! -e bundle-two/rootfs/etc/empty
check_output "the new one is there" new cat bundle-two/rootfs/opt/new
check "append below a prefix" "$ocimg" append --image image:latest --tag prefix --prefix srv/www upper/opt
check "unpack it" "$ocimg" unpack --image image:prefix bundle-prefix
check_output "the directory stands below the prefix" new cat bundle-prefix/rootfs/srv/www/new

check "change everything of the configuration" "$ocimg" config --image image:two --entrypoint /bin/sh --entrypoint -c \
    --cmd 'echo $A' --env A=1 --env 'B=two words' --user bob --workdir /tmp --label l=1 --volume /data \
    --expose 80/tcp --stop-signal SIGINT --author 'A. B.' --platform linux/amd64
check "unpack with that configuration" "$ocimg" unpack --image image:two configured
check_output "arguments" '["/bin/sh","-c","echo $A"]' config_json configured .process.args
check_output "environment" '["A=1","B=two words"]' config_json configured '.process.env | map(select(startswith("PATH=") | not))'
check_output "user by the image's passwd and group" '{"uid":1001,"gid":1002,"additionalGids":[29]}' config_json configured .process.user
check_output "working directory" '"/tmp"' config_json configured .process.cwd
check_output "volume" '"tmpfs"' config_json configured '.mounts[] | select(.destination == "/data").type'
check_output "annotations" '["SIGINT","80/tcp","A. B.","1"]' config_json configured \
    '.annotations | [.["org.opencontainers.image.stopSignal","org.opencontainers.image.exposedPorts","org.opencontainers.image.author"], .l]'
check_match "inspect shows the command" 'Command: .*\["echo \$A"\]' "$ocimg" inspect --image image:two
inspected() { "$ocimg" inspect --image image:two --json | jq -r "$1"; }
check_output "inspect prints JSON" bob inspected .config.config.User
listed() { "$ocimg" list --json image | jq -r '.[].tag' | tr '\n' ' '; }
check_output "list prints JSON" "again gzip latest none prefix stdin tar two zstd " listed

created() { "$ocimg" inspect --image "image:$1" --json | jq -r .config.created; }
check_output "time is 1970 unless told" 1970-01-01T00:00:00Z created two
check "SOURCE_DATE_EPOCH is taken" env SOURCE_DATE_EPOCH=1700000000 "$ocimg" append --image image:latest --tag dated files
check_output "SOURCE_DATE_EPOCH is in the config" 2023-11-14T22:13:20Z created dated

check_fails "a bundle is not overwritten" 1 "exists and is not empty" "$ocimg" unpack --image image:gzip configured
check "a bundle is replaced by force" "$ocimg" unpack --force --image image:gzip configured
check "the forced one has the new files" same_trees files configured/rootfs
check_output "and nothing else" "config.json ocimg.json ocimg.records rootfs" sh -c 'cd configured; echo $(ls -A)'

mkdir -p killed/.ocimg-new/etc
check "the rest of a killed unpack is no obstacle" "$ocimg" unpack --image image:gzip killed
check_output "and goes away" "config.json ocimg.json ocimg.records rootfs" sh -c 'cd killed; echo $(ls -A)'

# Several writers at once: the lock keeps every tag.
several_at_once() {
    local i pids=()
    for i in 1 2 3 4 5 6; do
        "$ocimg" config --image image:latest --tag "job$i" --label "n=$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || return 1; done
}
check "six writers at once succeed" several_at_once
check_output "all six tags are there" 6 jq '[.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] | startswith("job"))] | length' image/index.json

check_match "the version is printed" '^ocimg version [0-9]' "$ocimg" --version
check_fails "an unknown option is refused" 1 "ocimg: flag provided but not defined: -x" "$ocimg" list -x image
check_fails "a missing image name is refused" 1 "ocimg: no image is named: give IMAGE, or --image LAYOUT:TAG" "$ocimg" unpack bundle
check "man pages and completions are written" "$ocimg" generate --dir pages
check "one page for every command" test -s pages/man/ocimg-unpack.1 -a -s pages/completion/bash/ocimg
finish
