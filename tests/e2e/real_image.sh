#!/bin/bash
# A real Debian image with a compiler and Python: unpacked by ocimg and by umoci the trees are the same in
# every respect, and ocirun compiles and runs programs in it, as root and as an ordinary user.
#
#   real_image.sh [BUILD_DIRECTORY]
#
# The image is built once and kept in $OCI_TEST_CACHE (default: /var/cache/oci-tools-tests).
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
ocirun=${OCIRUN:-$build/ocirun}
ocimg=${OCIMG:-$build/ocimg}
manifest=${OCI_TREE_MANIFEST:-$build/tests/tree_manifest}
cache=${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}

if [ "${OCI_TEST_INSIDE:-}" != real_image ]; then
    [ "$(id -u)" -eq 0 ] || skip_all "making and unpacking a root filesystem needs root"
    for program in mmdebstrap umoci jq setfattr setcap busybox; do
        command -v "$program" >/dev/null || skip_all "$program is not installed"
    done
    unshare --mount --pid --fork true 2>/dev/null || skip_all "this machine forbids new namespaces"
    image=$("$here/../support/make_real_image.sh" "$cache" 2>"${TMPDIR:-/tmp}/oci-real-image-$$.log")
    status=$?
    log=$(tail -n 15 "${TMPDIR:-/tmp}/oci-real-image-$$.log"; rm -f "${TMPDIR:-/tmp}/oci-real-image-$$.log")
    if [ "$status" -eq 3 ]; then
        printf '%s\n' "$log"
        skip_all "Debian's packages cannot be fetched here; the end of the log stands above"
    fi
    if [ "$status" -ne 0 ]; then
        printf '%s\nnot ok - the real image is made\n' "$log"
        exit 1
    fi
    work=$(mktemp -d "${TMPDIR:-/tmp}/oci-real-image.XXXXXX")
    OCI_TEST_INSIDE=real_image OCI_TEST_WORK=$work OCI_TEST_IMAGE=$image \
        unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
        bash "$here/real_image.sh" "$build"
    status=$?
    rm -rf --one-file-system "$work"
    exit "$status"
fi

work=$OCI_TEST_WORK
test_captures=$work/captures
mkdir "$test_captures"
image=$OCI_TEST_IMAGE

# --- the same tree as umoci's -----------------------------------------------------------------------
check "ocimg unpacks it" "$ocimg" unpack --image "$image" "$work/ours"
check "umoci unpacks it" umoci unpack --image "$image" "$work/theirs"
"$manifest" "$work/ours/rootfs" >"$work/ours.txt"
"$manifest" "$work/theirs/rootfs" >"$work/theirs.txt"
is_a_real_tree() { # the comparison below must not be one of two empty lists
    [ "$(wc -l <"$work/theirs.txt")" -gt 5000 ] && grep -q '^usr/bin/python3.11 file' "$work/theirs.txt" &&
        grep -q 'links=' "$work/theirs.txt" && grep -q 'security.capability=' "$work/theirs.txt"
}
check "umoci's tree has thousands of files, hard links and attributes" is_a_real_tree
trees_are_equal() {
    local count
    count=$(diff "$work/theirs.txt" "$work/ours.txt" | grep -c '^[<>]')
    [ "$count" -eq 0 ] && [ -s "$work/ours.txt" ] && return 0
    echo "$count lines differ (< umoci, > ocimg); the first:"
    diff "$work/theirs.txt" "$work/ours.txt" | head -n 20
    return 1
}
check "kind, mode, owner, time, attributes, links and content are the same everywhere" trees_are_equal

# What the comparison notices, tried on one file after the other of umoci's tree.
notices() {
    local path=$work/theirs/rootfs/$1 before after
    shift
    before=$("$manifest" "$path")
    "$@"
    after=$("$manifest" "$path")
    [ "$before" != "$after" ]
}
odd=$work/theirs/rootfs/srv/odd
same_time_new_content() { touch -r "$odd/owned" "$work/time" && echo OWNED >"$odd/owned" && touch -r "$work/time" "$odd/owned"; }
check "the comparison notices content" notices srv/odd same_time_new_content
check "the comparison notices a mode" notices srv/odd chmod 0777 "$odd/setuid"
check "the comparison notices an owner" notices srv/odd chown 1:1 "$odd/dated"
check "the comparison notices a nanosecond" notices srv/odd touch -d '2001-02-03 04:05:06.000000001 UTC' "$odd/dated"
check "the comparison notices an attribute" notices srv/odd setfattr -x user.note "$odd/attributes"
new_link() { ln -sfn /does/not/exist/either "$odd/dangling-link" && touch -h -r "$odd/fifo" "$odd/dangling-link"; }
check "the comparison notices a link target" notices srv/odd new_link
break_link() { cp -a "$odd/original" "$work/copy" && rm "$odd/original" && cp -a "$work/copy" "$odd/original"; }
check "the comparison notices a broken hard link" notices srv/odd break_link

# --- a bundle that runs -----------------------------------------------------------------------------
bundle=$work/ours
check "config.json is valid JSON with the image's command" \
    test "$(jq -c '.process.args' "$bundle/config.json")" = '["/bin/bash"]'
cp "$bundle/config.json" "$work/original.json"
mkdir -p "$bundle/rootfs/srv/test"
chmod 1777 "$bundle/rootfs/srv/test"
cat >"$bundle/rootfs/srv/test/program.cpp" <<'CPP'
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <unistd.h>

int main() {
    std::map<std::string, int> lengths;
    for (const char* word : {"one", "three", "fifteen"}) lengths[word] = static_cast<int>(std::string(word).size());
    int sum = 0;
    for (const auto& [word, length] : lengths) sum += length;
    std::printf("compiled: uid %u, pid %d, sum %d\n", getuid(), getpid(), sum);
}
CPP
cat >"$bundle/rootfs/srv/test/program.py" <<'PYTHON'
import collections, json, os, subprocess, threading
words = collections.Counter("a b a c a".split())
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
child = subprocess.run(["echo", "child"], capture_output=True, text=True, check=True)
print(f"python: uid {os.getuid()}, threads {len(done)}, {child.stdout.strip()}, {json.dumps(words.most_common(1))}")
PYTHON
# in_container UID SCRIPT: runs SCRIPT in the image by ocirun, as that user.
runs=0
in_container() {
    runs=$((runs + 1))
    jq --arg script "$2" --argjson uid "$1" '.process.terminal = false | .process.user = {uid: $uid, gid: $uid} |
        .process.cwd = "/srv/test" | .process.args = ["/bin/bash", "-c", $script] | .root.readonly = false' \
        "$work/original.json" >"$bundle/config.json"
    "$ocirun" --root "$work/state" run --bundle "$bundle" "real-image-$$-$runs" </dev/null
}
prints() {
    local expected=$1 output
    shift
    output=$("$@" 2>"$work/said")
    [ "$output" = "$expected" ] && return 0
    printf 'expected: %s\nprinted:  %s\n' "$expected" "$output"
    cat "$work/said"
    return 1
}
for uid in 0 65534; do
    check "uid $uid compiles a C++ program and runs it" prints "compiled: uid $uid, pid 1, sum 15" \
        in_container "$uid" "g++ -std=c++20 -O1 program.cpp -o program-$uid && exec ./program-$uid"
    check "uid $uid runs a Python program" prints "python: uid $uid, threads 8, child, [[\"a\", 3]]" \
        in_container "$uid" 'exec python3 program.py'
done
check "what uid 65534 compiled belongs to it" test "$(stat -c %u "$bundle/rootfs/srv/test/program-65534")" = 65534
shadow_is_closed() {
    prints 'no' in_container 65534 'if cat /etc/shadow >/dev/null 2>&1; then echo yes; else echo no; fi'
}
check "uid 65534 cannot read /etc/shadow" shadow_is_closed
exit_code_is_passed_on() { in_container 0 'exit 23'; [ $? -eq 23 ]; }
check "an exit code comes back" exit_code_is_passed_on
check "no container is left" prints '' "$ocirun" --root "$work/state" list --quiet
check "no cgroup is left" prints '' find /sys/fs/cgroup -type d -name "real-image-$$-*"
finish
