#!/bin/bash
# Looking into images without unpacking them: files, cat, diff, tree, report, inspect.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "files of several owners need root"
for program in jq python3; do
    command -v $program >/dev/null || skip_all "$program is not installed"
done
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
export OCIMG_STORE=$test_dir/store
unset SOURCE_DATE_EPOCH

# Three layers: the second replaces, removes and links; the third adds a file of the second's directory.
mkdir -p one/etc one/usr/lib one/big two/etc two/opt three/opt
printf 'NAME=test\n' >one/usr/lib/os-release
ln -s ../usr/lib/os-release one/etc/os-release
ln -s usr/lib one/lib
head -c 20000 /dev/urandom >one/big/blob
head -c 5000 /dev/urandom >one/big/old
ln one/big/blob one/big/same
printf 'first\n' >one/etc/conf
printf 'second\n' >two/etc/conf
chown 3:4 two/etc/conf
chmod 4750 two/etc/conf
mkfifo two/opt/fifo
mknod two/opt/null c 1 3
ln -s ../../../../../../etc/passwd two/opt/escape
printf 'sparse' >two/opt/sparse && truncate -s 100000 two/opt/sparse && printf 'end' >>two/opt/sparse
python3 -c 'import os; os.setxattr("two/etc/conf", "user.note", b"\0\xff")'
printf 'x' >"three/opt/$(printf 'a\377b')"
touch -d '2001-02-03 04:05:06 UTC' two/etc/conf
mkdir two/big && : >two/big/.wh.old
tar --sparse --xattrs --numeric-owner --sort=name --format=pax -C two -cf two.tar .
"$ocimg" new app:1 && "$ocimg" append app:1 one --created-by 'COPY <one> /' && "$ocimg" append app:1 two.tar &&
    "$ocimg" append app:1 --tag app:2 three && "$ocimg" config app:2 --label 'x=<script>alert(1)</script>' || exit 1

# --- files --------------------------------------------------------------------------------------------
check_match "files: mode, owner, size, time, layer, path" \
    '^-rwsr-x---  3:4 +7 +2001-02-03T04:05:06Z +1 +/etc/conf$' "$ocimg" files app:2
check_match "a link shows its target" '^lrwxrwxrwx .* 0 +/lib -> usr/lib$' "$ocimg" files app:2
check_match "a device shows its numbers" '^crw.* 1,3 .* /opt/null$' "$ocimg" files app:2
check_match "a fifo" '^prw.* /opt/fifo$' "$ocimg" files app:2
listed() { "$ocimg" files "$@" | awk 'NR > 1 {print $6}' | LC_ALL=C sort | tr '\n' ' '; }
check_output "a whiteout is honoured, a directory is chosen" "/big /big/blob /big/same " listed app:2 /big
check_output "links to the path are followed" "/usr/lib /usr/lib/os-release " listed app:2 lib
check_match "one layer, with its deletions" '/big/old \(removed\)$' "$ocimg" files --layer 1 app:2
check_fails "a layer that is not there" 1 "the image has 3 layers, counted from 0" "$ocimg" files --layer 3 app:2
check_fails "a path that is not there" 1 '"/none" is not in the image' "$ocimg" files app:2 /none
check_output "--json" '{"kind":"file","mode":"4750","uid":3,"size":7,"layer":1,"xattrs":{"user.note":"0x00ff"}}' \
    bash -c "'$ocimg' files --json app:2 /etc/conf | jq -c '.[0] | {kind, mode, uid, size, layer, xattrs}'"
check "names that are no UTF-8 are JSON all the same" bash -c "'$ocimg' files --json app:2 | jq -e 'length > 10'"
check_match "and printed quoted" 'a\\xffb' "$ocimg" files app:2 /opt

# --- the same as what unpack makes ----------------------------------------------------------------------
"$ocimg" unpack app:1 bundle || exit 1
check_output "files lists what unpack writes" \
    "$(cd bundle/rootfs && find . -printf '/%P\n' | LC_ALL=C sort | tr '\n' ' ')" listed app:1

# --- cat ----------------------------------------------------------------------------------------------
check_output "cat prints a file" second "$ocimg" cat app:2 /etc/conf
check_output "links inside the image are followed" NAME=test "$ocimg" cat app:2 etc/os-release
check "a hard link's content" cmp <("$ocimg" cat app:2 /big/same) one/big/blob
check "a sparse file's holes are zeros" cmp <("$ocimg" cat app:2 /opt/sparse) two/opt/sparse
check_fails "a link out of the image leads into it" 1 'is not in the image' "$ocimg" cat app:2 /opt/escape
check_fails "a removed file is not there" 1 '"/big/old" is not in the image' "$ocimg" cat app:2 /big/old
check_fails "a directory" 1 'is a directory, not a file' "$ocimg" cat app:2 /etc
check_output "cat --json gives the digest" "sha256:$(sha256sum <one/etc/conf | cut -d' ' -f1)" \
    bash -c "'$ocimg' cat --json app:2 etc/conf | jq -r .digest | sed s/$(sha256sum <two/etc/conf | cut -d' ' -f1)/$(sha256sum <one/etc/conf | cut -d' ' -f1)/"

# --- diff ---------------------------------------------------------------------------------------------
check_output "no difference" "" "$ocimg" diff app:2 app:2
check_output "an added file" 'A "/opt/a\xffb"' "$ocimg" diff app:1 app:2
check_exit "--exit-code" 2 "$ocimg" diff --exit-code app:1 app:2
check_exit "--exit-code without differences" 0 "$ocimg" diff --exit-code app:1 app:1
mkdir other && cp -a one/. other/ && chmod 600 other/etc/conf && rm other/big/old && ln -sfn usr other/lib &&
    printf 'third\n' >other/etc/conf && "$ocimg" new app:3 && "$ocimg" append app:3 other
"$ocimg" new app:0 && "$ocimg" append app:0 one
check_output "every kind of difference" 'R /big/old
C /etc/conf  (mode 0644 -> 0600, content)
C /lib  (target usr/lib -> usr)' "$ocimg" diff app:0 app:3
check_match "--mtime" '^C /etc/conf  \(.*mtime ' "$ocimg" diff --mtime app:0 app:3
check_output "--json" '["removed","changed","changed"]' bash -c "'$ocimg' diff --json app:0 app:3 | jq -c 'map(.change)'"

# --- tree ---------------------------------------------------------------------------------------------
check_match "tree: sums" '^3 layers, .* of contents .*, 5.0 kB wasted \(efficiency 9[0-9]\.[0-9] %\)$' "$ocimg" tree app:2
check_match "who hides whom" '^5\.0 kB +0 +1 +removed +/big/old$' "$ocimg" tree app:2
check_match "a replaced file" '^6 B +0 +1 +replaced +/etc/conf$' "$ocimg" tree app:2
check_match "layers that another image has" '^0 .*docker.io/library/app:1' "$ocimg" tree app:2
check_output "--json" '{"wasted":5006,"hidden":["/big/old","/etc/conf"]}' \
    bash -c "'$ocimg' tree --json app:2 | jq -c '{wasted, hidden: [.hidden[].path]}'"

# --- inspect ------------------------------------------------------------------------------------------
manifest=$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "docker.io/library/app:2").digest' store/index.json)
check_output "inspect --raw is the manifest as it is" "$(cat "store/blobs/sha256/${manifest#sha256:}")" "$ocimg" inspect --raw app:2
check_output "inspect --raw --config" "$(cat "store/blobs/sha256/$(jq -r .config.digest "store/blobs/sha256/${manifest#sha256:}" | cut -d: -f2)")" \
    "$ocimg" inspect --raw --config app:2

# --- report -------------------------------------------------------------------------------------------
check "report" "$ocimg" report app:2 --html page.html
check_output "the page is one that a strict parser takes, without scripts and links" "" python3 - page.html <<'PY'
import sys, html.parser
class Page(html.parser.HTMLParser):
    void = {"meta", "link", "br", "img", "rect", "th", "tr"}
    def __init__(self):
        super().__init__(); self.bad = []
    def handle_starttag(self, tag, attrs):
        if tag in ("script", "link", "img", "iframe", "object", "embed", "a", "form", "base"): self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "href", "action"): self.bad.append(tag + " " + name)
            if value and ("http:" in value or "https:" in value or "//" in value): self.bad.append(value)
page = Page(); page.feed(open(sys.argv[1], encoding="utf-8").read()); page.close()
print(" ".join(page.bad), end="")
PY
check "the policy forbids everything but its own style" grep -q "default-src 'none'; style-src 'unsafe-inline'" page.html
check "what the image says is text" grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' page.html
check_not "and nothing else" grep -q '<script' page.html
for what in 'COPY &lt;one&gt; /' '/big/old' '<svg' 'Wasted space' 'History' 'also in docker.io/library/app:1'; do
    check "the page has $what" grep -qF "$what" page.html
done
check "the same image gives the same page" cmp page.html <("$ocimg" report app:2 --html -)
check_fails "report needs a place" 1 "--html FILE is required" "$ocimg" report app:2

# --- damage -------------------------------------------------------------------------------------------
layer=$(jq -r '.layers[1].digest' "store/blobs/sha256/${manifest#sha256:}" | cut -d: -f2)
printf 'X' | dd of="store/blobs/sha256/$layer" bs=1 seek=30 conv=notrunc status=none
for verb in files tree; do check_fails "$verb of a damaged layer" 1 "layers[1]" "$ocimg" $verb app:2; done
check_fails "cat out of a damaged layer" 1 "layers[1]" "$ocimg" cat app:2 /opt/sparse
check_fails "diff of a damaged layer" 1 "layers[1]" "$ocimg" diff app:2 app:3
check_not "no page of a damaged layer" "$ocimg" report app:2 --html damaged.html
check "nor a part of one" test ! -e damaged.html

finish
