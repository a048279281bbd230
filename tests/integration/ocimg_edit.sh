#!/bin/bash
# New images out of old ones: config, insert, squash, split, rebase; always new blobs, the same for the same input.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "files of several owners need root"
for program in jq python3; do
    command -v $program >/dev/null || skip_all "$program is not installed"
done
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
manifest_of=$(realpath "$OCI_BUILD/tests/tree_manifest" 2>/dev/null)
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
export OCIMG_STORE=$test_dir/store
unset SOURCE_DATE_EPOCH

entry() { jq -c --arg tag "docker.io/library/$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag)' store/index.json; }
blob() { echo "store/blobs/sha256/${1#sha256:}"; }
manifest() { blob "$(entry "$1" | jq -r .digest)"; }
config() { blob "$(jq -r .config.digest "$(manifest "$1")")"; }
field() { jq -c "$2" "$(config "$1")"; }
layers() { jq '.layers | length' "$(manifest "$1")"; }
counts_agree() { [ "$(layers "$1")" -eq "$(field "$1" '.rootfs.diff_ids | length')" ] && [ "$(layers "$1")" -eq "$(field "$1" '[.history[] | select(.empty_layer | not)] | length')" ]; }
describe_tree() { # DIRECTORY: directories' times too, hard links by their groups
    (cd "$1" && find . -printf '%P|%y|%m|%U:%G|%T@|%l|%n|%s\n' | sed 's/|[0-9]*$//' | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
        find . -type f -links +1 -printf '%i %P\n' | sort | awk '{if ($1 != last) {printf "\n"; last = $1} printf "%s ", $2}' | LC_ALL=C sort)
}
unpacked() { rm -rf "u-$1" && "$ocimg" unpack "$1" "u-$1" >/dev/null && describe_tree "u-$1/rootfs"; }
same_files() { diff <(unpacked "$1") <(unpacked "$2"); }

mkdir -p base/bin base/etc base/lib/deep one/etc one/srv two/etc two/lib
for i in 1 2 3 4 5 6; do head -c 30000 /dev/urandom >"base/lib/f$i"; done
printf 'sh\n' >base/bin/sh && chmod 4755 base/bin/sh
ln base/bin/sh base/bin/ash
ln -s bin base/sbin
printf 'a\n' >base/etc/a && printf 'b\n' >base/etc/b && printf 'd\n' >base/lib/deep/d
printf 'a2\n' >one/etc/a && chown 7:8 one/etc/a && mkfifo one/srv/fifo
ln one/etc/a one/srv/also-a
: >two/etc/.wh.b && : >two/lib/.wh.deep && printf 'n\n' >two/etc/new
touch -d '2002-02-02 UTC' base/etc base/bin one/etc/a two/etc/new
python3 -c 'import os; os.setxattr("one/etc/a", "user.k", b"v")'
tar --numeric-owner --format=pax -C two -cf two.tar etc lib
python3 - <<'PY'
import tarfile, io
# A further name, in an upper layer, of a file of the base; and a directory that becomes a link.
with tarfile.open("three.tar", "w", format=tarfile.PAX_FORMAT) as tar:
    link = tarfile.TarInfo("srv/base-sh"); link.type = tarfile.LNKTYPE; link.linkname = "bin/sh"; link.mode = 0o4755
    tar.addfile(link)
    other = tarfile.TarInfo("srv/fifo"); other.type = tarfile.SYMTYPE; other.linkname = "/etc/new"
    tar.addfile(other)
PY
"$ocimg" new base:1 && "$ocimg" append base:1 base --created-by base && "$ocimg" config base:1 --cmd /bin/sh &&
    "$ocimg" tag base:1 app:1 && "$ocimg" append app:1 one --created-by one && "$ocimg" append app:1 two.tar --created-by two &&
    "$ocimg" append app:1 three.tar --created-by three && "$ocimg" config app:1 --env A=1 || exit 1
before=$(entry app:1)

# --- config: every field --------------------------------------------------------------------------------
check "health check" "$ocimg" config app:1 --tag c --healthcheck 'curl -f localhost || exit 1' --healthcheck-interval 1m30s \
    --healthcheck-timeout 500ms --healthcheck-start-period 2h --healthcheck-start-interval 1.5s --healthcheck-retries 3
check_output "is in the config in nanoseconds" '{"Test":["CMD-SHELL","curl -f localhost || exit 1"],"Interval":90000000000,"Timeout":500000000,"StartPeriod":7200000000000,"StartInterval":1500000000,"Retries":3}' \
    field c:latest .config.Healthcheck
check "health check off" "$ocimg" config c --healthcheck-none
check_output "is NONE" '["NONE"]' field c:latest .config.Healthcheck.Test
check "clear it" "$ocimg" config c --clear healthcheck
check_output "it is gone" null field c:latest .config.Healthcheck
check "shell, onbuild, os version and features" "$ocimg" config c --shell /bin/bash --shell -c --onbuild 'RUN a' --onbuild 'RUN b' \
    --os-version 10.0 --os-feature win32k --os-feature win32k --platform windows/amd64
check_output "are in the config" '[["/bin/bash","-c"],["RUN a","RUN b"],"10.0",["win32k"],"windows"]' \
    field c:latest '[.config.Shell, .config.OnBuild, ."os.version", ."os.features", .os]'
check_output "and in the index" '{"architecture":"amd64","os":"windows","os.version":"10.0","os.features":["win32k"]}' \
    bash -c "jq -c '.manifests[] | select(.annotations[\"org.opencontainers.image.ref.name\"] == \"docker.io/library/c:latest\").platform' store/index.json"
check "keys" "$ocimg" config app:1 --tag k --env B=2 --env C=3 --label l=1 --label m=2 --annotation x=1 --volume /v --expose 80
check "unset one of each" "$ocimg" config k --unset env=B --unset label=l --unset annotation=x --unset volume=/v --unset expose=80
check_output "the others stay" '[["A=1","C=3"],{"m":"2"},null,null]' field k:latest '[.config.Env, .config.Labels, .config.Volumes, .config.ExposedPorts]'
check_fails "unset what is not there" 1 'no such key' "$ocimg" config k --unset env=B
check_fails "unset of an unknown field" 1 'one of annotation, env, expose, label, volume' "$ocimg" config k --unset x=B
check_fails "a time that is none" 1 'expected numbers with h, m, s or ms' "$ocimg" config k --healthcheck-interval soon
check_fails "a time below a millisecond" 1 'expected 0, or 1ms and more' "$ocimg" config k --healthcheck-interval 10ns
lines=$(field k:latest '.history | length')
check "no history" "$ocimg" config k --user 5 --no-history
check_output "leaves no line" "$lines" field k:latest '.history | length'
check "history text" "$ocimg" config k --user 6 --created-by me --comment why --created 2020-01-01T00:00:00Z
check_output "is in the history" '["2020-01-01T00:00:00Z","me","why",true]' field k:latest '.history[-1] | [.created, .created_by, .comment, .empty_layer]'
check_output "the image itself has not changed" "$before" entry app:1

# --- insert -------------------------------------------------------------------------------------------
printf 'inserted\n' >file && mkdir -p tree/sub && printf 't\n' >tree/sub/t && chmod 711 tree
chown 9:9 file && touch -d '2003-03-03 UTC' file
check "insert a file" "$ocimg" insert app:1 --tag i file /opt/deep/name
check "insert a directory" "$ocimg" insert i tree /etc/tree
check "insert --opaque" "$ocimg" insert i --opaque tree /lib
check "insert --whiteout" "$ocimg" insert i --whiteout /bin/ash --whiteout /etc/new
check "unpack it" "$ocimg" unpack i u-i
check_output "the file is there with mode, owner, time" "9:9 644 1046649600" stat -c '%u:%g %a %Y' u-i/rootfs/opt/deep/name
check_output "the directory too" t cat u-i/rootfs/etc/tree/sub/t
check_output "with its mode" 711 stat -c %a u-i/rootfs/etc/tree
check_output "opaque hides what was there" "sub" ls u-i/rootfs/lib
check "whiteouts remove" test ! -e u-i/rootfs/bin/ash -a ! -e u-i/rootfs/etc/new
check_output "directories on the way keep their attributes" "$("$ocimg" unpack app:1 u-0; stat -c '%a %u %g' u-0/rootfs/etc)" stat -c '%a %u %g' u-i/rootfs/etc
check "counts agree" counts_agree i:latest
check_fails "insert at the root" 1 "is the image's root" "$ocimg" insert app:1 file /
check_fails "insert of nothing" 1 'no such file' "$ocimg" insert app:1 absent /x
check_fails "a whiteout's name" 1 'mark deletions' "$ocimg" insert app:1 file /x/.wh.y

# --- squash -------------------------------------------------------------------------------------------
check "squash everything" "$ocimg" squash app:1 --tag flat
check_output "one layer is left" 1 layers flat:latest
check "the files are the same" same_files app:1 flat
check "counts agree" counts_agree flat:latest
check "squash the last three" "$ocimg" flatten --last 3 app:1 --tag flat3
check_output "the base stays" "$(jq -r '.layers[0].digest' "$(manifest base:1)") 2" \
    echo "$(jq -r '.layers[0].digest' "$(manifest flat3:latest)") $(layers flat3:latest)"
check "the files are the same" same_files app:1 flat3
check "counts agree" counts_agree flat3:latest
check_output "what was removed is a whiteout" "/etc/b /lib/deep" bash -c "'$ocimg' files --layer 1 --json flat3 | jq -r '[.[] | select(.whiteout).path] | join(\" \")'"
check "squash again" "$ocimg" squash app:1 --tag again
check_output "the same bytes" "$(entry flat:latest | jq -r .digest)" bash -c "jq -r '.manifests[] | select(.annotations[\"org.opencontainers.image.ref.name\"] == \"docker.io/library/again:latest\").digest' store/index.json"
check "SOURCE_DATE_EPOCH" env SOURCE_DATE_EPOCH=1000000 "$ocimg" squash app:1 --tag sde
check_output "clamps times" "1970-01-12T13:46:40Z" bash -c "'$ocimg' files --json sde /etc/new | jq -r '.[0].mtime'"
check_output "and is the image's own" '"1970-01-12T13:46:40Z"' field sde:latest .created
check_fails "more layers than there are" 1 "the image has 4 layers" "$ocimg" squash --last 5 app:1
"$ocimg" new nothing:1 && check_fails "no layers at all" 1 "no layers to squash" "$ocimg" squash nothing:1

# --- split --------------------------------------------------------------------------------------------
check "split" "$ocimg" split app:1 --size 70k --tag parts
check_output "the base's 180 kB become three layers" 6 layers parts:latest
check "the files are the same" same_files app:1 parts
check "counts agree" counts_agree parts:latest
check_output "no layer has more than was asked for" "" bash -c "'$ocimg' tree --json parts | jq '.layers[] | select(.contentSize > 70000)'"
check "split a squashed image" "$ocimg" split flat --size 31k --tag parts2 --compression zstd
check "the files are the same" same_files app:1 parts2
check_fails "nothing to split" 1 "nothing to split" "$ocimg" split app:1 --size 1G
check_fails "a size that is none" 1 "expected a number of bytes" "$ocimg" split app:1 --size big

# --- rebase -------------------------------------------------------------------------------------------
mkdir -p base2/etc && cp -a base/. base2/ && printf 'b new\n' >base2/etc/b && printf 'fresh\n' >base2/etc/fresh
"$ocimg" new base:2 && "$ocimg" append base:2 base2 --created-by base2 && "$ocimg" append base:2 base --prefix opt --created-by base2b
check "rebase" "$ocimg" rebase app:1 --old-base base:1 --new-base base:2 --tag moved
check_output "new base's layers below, own above" "$(jq -c '[.layers[].digest]' "$(manifest base:2)")" \
    bash -c "jq -c '[.layers[:2][].digest]' $(manifest moved:latest)"
check_output "five layers" 5 layers moved:latest
check "counts agree" counts_agree moved:latest
check_output "history of the new base, then the own" '["base2","base2b","one","two","three","ocimg config: env"]' field moved:latest '[.history[].created_by]'
check_output "the new base's files are there" fresh "$ocimg" cat moved /etc/fresh
check_fails "and what the image removed is not" 1 'is not in the image' "$ocimg" cat moved /etc/b
check_output "the base is an annotation" "$(entry base:2 | jq -r .digest)" jq -r '.annotations["org.opencontainers.image.base.digest"]' "$(manifest moved:latest)"
check_fails "another base than the image's" 1 'it is not built on that base' "$ocimg" rebase app:1 --old-base base:2 --new-base base:1
"$ocimg" new --image other:arm --platform linux/arm64
check_fails "a base of another platform" 1 'only for linux/arm64' "$ocimg" rebase app:1 --old-base base:1 --new-base ./other:arm
"$ocimg" new --image far:b && "$ocimg" append --image far:b base2
check "a base in another layout is copied" "$ocimg" rebase app:1 --old-base base:1 --new-base ./far:b --tag fetched
check "and the image is whole" "$ocimg" unpack fetched u-fetched
check_output "the image itself has not changed" "$before" entry app:1

# --- other tools read them ----------------------------------------------------------------------------
if command -v skopeo >/dev/null; then
    for tag in i flat flat3 parts parts2 moved; do
        check "skopeo reads $tag, blobs and all" skopeo copy -q "oci:store:docker.io/library/$tag:latest" "dir:copy-$tag"
    done
else
    skip "skopeo reads the images" "skopeo is not installed"
fi
if command -v umoci >/dev/null; then
    for tag in flat3 parts moved; do
        check "umoci unpacks $tag" umoci unpack --image "store:docker.io/library/$tag:latest" "umoci-$tag"
        check "to the same files" diff <(describe_tree "umoci-$tag/rootfs" | grep -v '^|d|') <(unpacked "$tag" | grep -v '^|d|')
    done
    # umoci 0.4.7 leaves out the padding of the last file, which ocimg and GNU tar refuse: one whole block.
    head -c 512 /dev/zero >tree/sub/t
    check "umoci inserts" umoci insert --image store:docker.io/library/app:1 --tag docker.io/library/umoci:latest tree /etc/tree
    check "ocimg inserts the same" "$ocimg" insert app:1 --tag ours tree /etc/tree
    check_output "the files are the same" "" "$ocimg" diff umoci ours
else
    skip "umoci reads the images" "umoci is not installed"
fi

finish
