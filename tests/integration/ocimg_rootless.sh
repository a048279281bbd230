#!/bin/bash
# Bundles of ordinary users, named after M15: with the ids of /etc/subuid, with one's own id alone, in somebody's
# user namespace, and below --uid-map as root; what ocirun runs of them, and what repack and umoci make of them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1

# The user has an entry in passwd and 65536 ids of his own, both in this mount namespace only.
cp /etc/passwd passwd
echo 'octest:x:12345:12345::/:/bin/sh' >>passwd
echo 'octest:300000:65536' >subuid
cp subuid subgid
for file in passwd subuid subgid; do
    [ -e "/etc/$file" ] || : >"/etc/$file"
    mount --bind "$file" "/etc/$file"
done
# Copies that the user can read, wherever the build stands.
cp "$RUNTIME" ocirun
cp "$ocimg" ocimg-copy
mkdir -m 0700 home
as_user() { setpriv --reuid=12345 --regid=12345 --clear-groups env -C "$test_dir/home" XDG_RUNTIME_DIR="$test_dir/home" HOME="$test_dir/home" "$@"; }
user_ocimg() { as_user timeout --foreground -s KILL 60 "$test_dir/ocimg-copy" "$@"; }
user_rt() { as_user timeout --foreground -s KILL 60 "$test_dir/ocirun" --root "$test_dir/home/state" "$@"; }
owner() { stat -c %u:%g "home/$1"; }
note() { getfattr --absolute-names -e hex --only-values -n user.rootlesscontainers "home/$1" 2>/dev/null | od -An -tx1 | tr -d ' \n'; }

mkdir -p files/bin files/dev files/etc files/home files/locked/in
cp "$(command -v busybox)" files/bin/busybox
for tool in sh id cat ls stat echo true; do ln -s busybox "files/bin/$tool"; done
printf 'root:x:0:0::/:/bin/sh\nbob:x:1000:1000::/home:/bin/sh\n' >files/etc/passwd
echo bob >files/home/bob; chown 1000:1000 files/home/bob
echo group >files/home/group; chown 0:50 files/home/group
echo far >files/home/far; chown 200000:200001 files/home/far
ln -s bob files/home/link; chown -h 1000:1000 files/home/link
ln files/home/bob files/home/hard
mknod files/dev/null c 1 3
mkfifo files/home/fifo; chown 7:7 files/home/fifo
echo locked >files/locked/in/file; chmod 0000 files/locked/in/file; chmod 0000 files/locked/in files/locked
printf '#!/bin/sh\n' >files/bin/setuid; chmod 6755 files/bin/setuid
cp "$(command -v busybox)" files/bin/capable
setcap cap_net_bind_service+ep files/bin/capable
setfattr -n user.note -v value files/home/bob
setfattr -n trusted.real -v root files/etc/passwd
"$ocimg" new --image home/image:one || exit 1
"$ocimg" append --image home/image:one files || exit 1
"$ocimg" config --image home/image:one --env PATH=/bin --cmd sh --cmd -c --cmd 'echo $(id -u):$(id -g) $(stat -c %u:%g /home/bob)' || exit 1
"$ocimg" config --image home/image:one --tag bob --user bob || exit 1
chown -R 12345:12345 home

# --- one's own id alone ----------------------------------------------------------------------------
check_match "M15: unpack --rootless says what it could not keep" 'files of owners that are not mapped' \
    sh -c "$(printf '%q ' setpriv --reuid=12345 --regid=12345 --clear-groups "$test_dir/ocimg-copy") unpack --rootless --progress none --image home/image:one home/lone 2>&1"
check_output "M15: every file is the user's" "" find home/lone ! -user 12345
check_output "M15: the owner is kept as umoci keeps it" "08e80710e807" note lone/rootfs/home/bob
check_output "M15: half an owner too" "08ffffffff0f1032" note lone/rootfs/home/group
check_output "M15: root's files have none" "" note lone/rootfs/etc/passwd
check_output "M15: a device is an empty file" "regular empty file 644" stat -c '%F %a' home/lone/rootfs/dev/null
check_output "M15: modes are the image's" "0 6755" echo "$(stat -c %a home/lone/rootfs/locked/in/file) $(stat -c %a home/lone/rootfs/bin/setuid)"
check_output "M15: other attributes stay" value getfattr --absolute-names --only-values -n user.note home/lone/rootfs/home/bob
check_match "M15: and capabilities, for the user's own namespace" 'cap_net_bind_service.*rootid=12345' getcap -n home/lone/rootfs/bin/capable
check "M15: repack without a change" user_ocimg repack --progress none --image image:same lone
check_output "M15: is the same image" "$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "one") | .digest' home/image/index.json)" \
    jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "same") | .digest' home/image/index.json
check_output "M15: ocirun runs it" "0:0 0:0" user_rt run --bundle lone one
check_output "M15: config.json maps one id" '[{"containerID":0,"hostID":12345,"size":1}]' jq -c .linux.uidMappings home/lone/config.json
check_match "M15: the image's user that is not mapped" 'is not mapped: the container.s process runs as 0:0' \
    sh -c "setpriv --reuid=12345 --regid=12345 --clear-groups $test_dir/ocimg-copy unpack --rootless --progress none --image home/image:bob home/lone-bob 2>&1"
check_output "M15: ocirun runs that too" "0:0 0:0" user_rt run --bundle lone-bob one

listing() { # TAG: the top layer's entries with their owners
    "$ocimg" inspect --image "home/image:$1" --json | jq -r '.manifest.layers[-1].digest' | cut -d: -f2 |
        while read -r digest; do tar --numeric-owner -tvf "home/image/blobs/sha256/$digest" | awk '$6 !~ /^(proc|sys)\/$/ {print $2, $6}' | sort | tr '\n' ';'; done
}
echo more >>home/lone/rootfs/home/bob
echo new >home/lone/rootfs/home/new; chown 12345:12345 home/lone/rootfs/home/new
echo more >>home/lone/rootfs/home/far
check "M15: repack of changed files" user_ocimg repack --progress none --image image:changed lone
check_output "M15: the owners are the image's again" "0/0 home/;0/0 home/new;1000/1000 home/bob;1000/1000 home/hard;200000/200001 home/far;" listing changed
check "M15: root reads the result" "$ocimg" unpack --progress none --image home/image:changed as-root
check_output "M15: with the right owners" "1000:1000 200000:200001 0:50" echo "$(stat -c %u:%g as-root/rootfs/home/bob) $(stat -c %u:%g as-root/rootfs/home/far) $(stat -c %u:%g as-root/rootfs/home/group)"
check_output "M15: without the note" "" sh -c 'getfattr -R --absolute-names -d -m rootless as-root/rootfs' 
check_fails "M15: root cannot tell such owners apart" 1 "belongs to the user with the id 12345" "$ocimg" repack --progress none --image home/image:no home/lone
check "M15: the user can remove it all" as_user sh -c 'chmod -R u+rwx lone lone-bob && rm -r lone lone-bob'

# --- umoci, which does the same ---------------------------------------------------------------------
if command -v umoci >/dev/null; then
    as_user umoci unpack --rootless --image image:one theirs >/dev/null 2>&1
    user_ocimg unpack --rootless --progress none --image image:one ours 2>/dev/null
    tree() { as_user sh -c "chmod -R u+rwX $1/rootfs/locked; cd $1/rootfs && find . ! -type d ! -path './locked*' -printf '%P %y %m %U:%G %T@ %l\n' | sort; getfattr -R -h -d -m user -e hex ."; }
    check_output "M15: the same tree as that of umoci" "$(tree theirs)" tree ours
    as_user sh -c 'chmod -R u+rwx theirs ours; rm -rf theirs ours'
else
    skip "the same tree as that of umoci" "umoci is not installed"
fi

# --- the ids of /etc/subuid --------------------------------------------------------------------------
if command -v newuidmap >/dev/null; then
    user_ocimg unpack --progress none --image image:one many 2>said
    check_output "M15: ids of /etc/subuid" "12345:12345 300999:300999 12345:300049" echo "$(owner many/rootfs/bin/busybox) $(owner many/rootfs/home/bob) $(owner many/rootfs/home/group)"
    check_output "M15: links too" "300999:300999" owner many/rootfs/home/link
    check_output "M15: beyond them the note" "12345:12345 08c09a0c10c19a0c" echo "$(owner many/rootfs/home/far) $(note many/rootfs/home/far)"
    check_output "M15: ocirun runs it with them" "0:0 1000:1000" user_rt run --bundle many one
    user_ocimg unpack --progress none --image image:bob many-bob 2>said
    check_output "M15: as the image's user" "1000:1000 1000:1000" user_rt run --bundle many-bob one
    jq '.process.args = ["sh", "-c", "echo more >>/home/bob"] | .process.user = {uid: 1000, gid: 1000}' home/many/config.json >config.json
    cp config.json home/many/config.json
    check "M15: the container changes files" user_rt run --bundle many one
    check "M15: repack" user_ocimg repack --progress none --image image:many many
    check_output "M15: owners of the image" "1000/1000 home/bob;1000/1000 home/hard;" listing many
    check_fails "M15: --overlay is for root" 1 "leave it out" user_ocimg unpack --overlay --progress none --image image:one overlay
    check_not "M15: and leaves nothing" test -e home/overlay
    check "M15: an existing bundle is replaced" user_ocimg unpack --force --progress none --image image:one many
    rm -rf home/many home/many-bob
else
    skip "ids of /etc/subuid" "newuidmap is not installed"
fi
check_output "M15: without newuidmap one's own id" '[{"containerID":0,"hostID":12345,"size":1}]' sh -c "
    setpriv --reuid=12345 --regid=12345 --clear-groups env PATH=/nowhere $test_dir/ocimg-copy unpack --progress none --image home/image:one home/helpless 2>/dev/null
    jq -c .linux.uidMappings home/helpless/config.json"
check_fails "M15: maps that are not the user's" 1 "newuidmap" user_ocimg unpack --uid-map 0:0:10 --gid-map 0:12345 --progress none --image image:one stolen
check_not "M15: leave nothing" test -e home/stolen
check_fails "M15: maps need both" 1 "must be given together" user_ocimg unpack --uid-map 0:12345 --progress none --image image:one half
check_fails "M15: maps need a root" 1 "maps no host id to the container's 0" user_ocimg unpack --uid-map 1:12345 --gid-map 0:12345 --progress none --image image:one rootless
for wrong in x 0 0:1:0 0:4294967295:2 1:2:3:4 -1:0; do
    check_fails "M15: --uid-map $wrong" 1 "expected CONTAINER:HOST" user_ocimg unpack --uid-map "$wrong" --gid-map 0:12345 --image image:one wrong
done

# --- in somebody's user namespace ---------------------------------------------------------------------
check "M15: as root of a user namespace" as_user unshare --user --map-root-user -- "$test_dir/ocimg-copy" unpack --progress none --image image:one inside
check_output "M15: the owner is kept there too" "08e80710e807" note inside/rootfs/home/bob
check_output "M15: ocirun runs it there" "0:0 0:0" as_user unshare --user --map-root-user --mount -- "$test_dir/ocirun" --root "$test_dir/home/inside-state" run --bundle inside one

# --- maps of root --------------------------------------------------------------------------------------
wide="--uid-map 0:100000:300000 --gid-map 0:100000:300000"
# shellcheck disable=SC2086
check "M15: root unpacks below a map" "$ocimg" unpack --progress none $wide --image home/image:one mapped
check_output "M15: owners are those of the map" "100000:100000 101000:101000 300000:300001 100000:100000" \
    sh -c 'echo $(stat -c %u:%g mapped/rootfs/bin/busybox mapped/rootfs/home/bob mapped/rootfs/home/far mapped/rootfs)'
check_output "M15: a device is a device" "character special file 1:3" stat -c '%F %t:%T' mapped/rootfs/dev/null
check_match "M15: capabilities count for the root of the map" 'rootid=100000' getcap -n mapped/rootfs/bin/capable
check_output "M15: ocirun runs it in a user namespace" "0:0 1000:1000" rt run --bundle mapped one
echo more >>mapped/rootfs/home/bob
echo own >mapped/rootfs/home/own && chown 100000:100007 mapped/rootfs/home/own
check "M15: repack" "$ocimg" repack --progress none --image home/image:from-map mapped
check_output "M15: owners of the image" "0/0 home/;0/7 home/own;1000/1000 home/bob;1000/1000 home/hard;" listing from-map
echo strange >mapped/rootfs/home/strange
check_fails "M15: an owner outside of the map" 1 "the file's uid 0 is outside of the map" "$ocimg" repack --progress none --image home/image:no mapped
check_fails "M15: an entry outside of the map" 1 "uid 200000 is outside of the map, which is 0:100000:65536" \
    "$ocimg" unpack --progress none --uid-map 0:100000:65536 --gid-map 0:100000:65536 --image home/image:one narrow
check_not "M15: leaves nothing" test -e narrow

for file in passwd subuid subgid; do umount "/etc/$file"; done
assert_nothing_left
finish
