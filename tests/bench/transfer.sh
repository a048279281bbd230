#!/bin/bash
# Measures ocimg's transfers against skopeo and umoci, over a real registry on loopback; prints Markdown.
#
#   tests/bench/transfer.sh [--write] [--where memory|disk] [--only pull|push|unpack|mount|cuts|sync]
#                           [--image LAYOUT:TAG] [--rounds N] [--tags N] [--kills N]
#
# Without --image the real Debian image of the end-to-end tests is used, and made when it is not there. OCIMG names
# the program (default: build/release/ocimg). Registries and results are in memory (a tmpfs that nobody else sees),
# unless --where disk. --write puts what was measured into docs/performance.md. Needs root: everything runs in
# namespaces of its own. Nothing is asserted: the numbers are for people to judge, on a machine that does nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
image='' rounds=3 tags=1000 kills=100 where=memory only=all write=''
ocimg=$(realpath "${OCIMG:-$source/build/release/ocimg}")
arguments=("$@")
while [ $# -gt 0 ]; do
    case "$1" in
        --write) write=yes ;;
        --where) where=${2:?}; shift ;;
        --only) only=${2:?}; shift ;;
        --image) image=${2:?}; shift ;;
        --rounds) rounds=${2:?}; shift ;;
        --tags) tags=${2:?}; shift ;;
        --kills) kills=${2:?}; shift ;;
        *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
if [ "${OCI_BENCH_INSIDE:-}" != yes ]; then
    [ -n "$image" ] || image=$("$source/tests/support/make_real_image.sh" "${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}")
    image=$(realpath "${image%%:*}"):${image#*:}
    export OCI_BENCH_INSIDE=yes OCIMG=$ocimg
    inside=(unshare --mount --pid --fork --kill-child --mount-proc --net --propagation private -- bash "$0" "${arguments[@]}" --image "$image")
    [ -n "$write" ] || exec "${inside[@]}"
    report=$(mktemp)
    trap 'rm -f "$report"' EXIT
    "${inside[@]}" | tee "$report"
    "$here/renew_page.py" "$source/docs/performance.md" "$report"
    exit
fi
ip link set lo up
work=$(mktemp -d "${TMPDIR:-/var/tmp}/oci-bench.XXXXXX")
trap 'cd /; [ "$where" = disk ] || umount -l "$work"; rm -rf --one-file-system "$work"' EXIT
[ "$where" = disk ] || mount -t tmpfs -o size=80% tmpfs "$work"
cd "$work"
: >registries.conf
export HOME=$work XDG_RUNTIME_DIR=$work OCIMG_STORE=$work/store TMPDIR=$work CONTAINERS_REGISTRIES_CONF=$work/registries.conf

start_registry() { # NAME PORT
    printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: false}}\nstorage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\nhttp: {addr: "127.0.0.1:%s"}\n' \
        "$work/$1" "$2" >"$1.yml"
    docker-registry serve "$1.yml" >"$1.log" 2>&1 </dev/null &
    until (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; do :; done
}
seconds() { # COMMAND...
    local begin=$EPOCHREALTIME
    "$@" >/dev/null 2>>errors
    awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# compare NAME CLEANUP OURS THEIRS: both, one after the other, in a changing order
compare() {
    local name=$1 cleanup=$2 ours=$3 theirs=$4 i a b
    : >ours.times; : >theirs.times
    for i in $(seq "$rounds"); do
        if [ $((i % 2)) -eq 0 ]; then $cleanup; seconds $theirs >>theirs.times; fi
        $cleanup; seconds $ours >>ours.times
        if [ $((i % 2)) -eq 1 ]; then $cleanup; seconds $theirs >>theirs.times; fi
    done
    a=$(median <ours.times) b=$(median <theirs.times)
    awk -v n="$name" -v a="$a" -v b="$b" 'BEGIN { printf "| %s | %.2f s | %.2f s | %.2f |\n", n, a, b, a / b }'
}
wanted() { [ "$only" = all ] || [ "$only" = "$1" ]; }
table() { printf '| | ocimg | peer | of its time |\n|---|--:|--:|--:|\n'; }
plain=127.0.0.1:5000
start_registry one 5000
"$ocimg" push -q "${image%%:*}:${image#*:}" $plain/real:1 >/dev/null
bytes=$(du -sb "${image%%:*}/blobs" | cut -f1)
image_size=$((bytes / 1000000))
section() { # TITLE
    printf '\n## ocimg and registries: %s\n\nA registry (docker-registry) on loopback, without TLS, everything %s. ' "$1" \
        "$([ "$where" = memory ] && echo 'in memory (tmpfs)' || echo 'on disk')"
    printf 'The image is Debian 12 with g++ and Python, %s MB of blobs. Peers: %s, %s; load %s at the start.\n\n' "$image_size" \
        "$(skopeo --version)" "$(umoci --version)" "$(cut -d' ' -f1 /proc/loadavg)"
}
pull_clean() { rm -rf pulled store bundle; }
pull() {
    section 'pull'
    table
    compare "pull (skopeo copy docker: oci:)" pull_clean "$ocimg copy -q docker://$plain/real:1 oci:pulled:1" \
        "skopeo copy -q --src-tls-verify=false docker://$plain/real:1 oci:pulled:1"
}
push() {
    section 'push'
    table
    number=0
    push_ours() { number=$((number + 1)); "$ocimg" push -q "${image%%:*}:${image#*:}" 127.0.0.1:5001/p/$number:1; }
    push_theirs() { number=$((number + 1)); skopeo copy -q --dest-tls-verify=false "oci:${image}" docker://127.0.0.1:5001/p/$number:1; }
    registry_pid=
    push_clean() { # an empty registry each time
        if [ -n "$registry_pid" ]; then kill "$registry_pid"; wait "$registry_pid" 2>/dev/null || true; fi
        rm -rf two
        start_registry two 5001
        registry_pid=$!
    }
    compare "push (skopeo copy oci: docker:)" push_clean push_ours push_theirs
}
unpack() {
    section 'pull and unpack'
    table
    unpack_ours() { "$ocimg" pull -q --unpack bundle $plain/real:1; }
    unpack_theirs() { skopeo copy -q --src-tls-verify=false docker://$plain/real:1 oci:pulled:1 && umoci unpack --image pulled:1 bundle; }
    compare "pull and unpack (skopeo copy && umoci unpack)" pull_clean unpack_ours unpack_theirs
}
mount_blobs() {
    section 'copy inside a registry'
    : >one.log
    "$ocimg" copy -q docker://$plain/real:1 docker://$plain/mounted:1 >/dev/null
    echo "Copy inside a registry: $(grep -cE '"(GET|PUT|PATCH) [^"]*/blobs/' one.log || true) requests that move a blob," \
        "$(grep -c 'mount=' one.log || true) mounts."
}
cuts() {
    section 'a pull that is killed again and again'
    # A pull that is killed again and again, until it succeeds; what the registry sent is counted at the interface.
    received() { awk '$1 == "lo:" { print $2 }' /proc/net/dev; }
    rm -rf pulled
    seconds "$ocimg" copy -q docker://$plain/real:1 oci:pulled:1 >whole.time
    seconds "$ocimg" copy -q docker://$plain/real:1 oci:pulled:1 >start.time # nothing to fetch
    begin=$(received); rm -rf pulled; "$ocimg" copy -q docker://$plain/real:1 oci:pulled:1 >/dev/null; once=$(($(received) - begin))
    rm -rf pulled
    begin=$(received) killed=0
    exec 4>&2 2>/dev/null # the shell tells of each one that is killed
    while [ "$killed" -lt "$kills" ]; do
        limit=$(awk -v w="$(cat whole.time)" -v s="$(cat start.time)" -v k="$kills" -v r="$RANDOM" 'BEGIN { printf "%.3f", s + 2 * r / 32768 * w / k }')
        timeout -s KILL "$limit" "$ocimg" copy -q docker://$plain/real:1 oci:pulled:1 >/dev/null 2>&1 && break
        killed=$((killed + 1))
    done
    exec 2>&4 4>&-
    "$ocimg" copy -q docker://$plain/real:1 oci:pulled:1 >/dev/null
    awk -v k="$killed" -v o="$once" -v b="$(($(received) - begin))" \
        'BEGIN { printf "A pull killed %d times: %.1f MB received, %.1f MB without kills: %.1f %% more.\n", k, b / 1e6, o / 1e6, 100 * (b - o) / o }'
}
sync_tags() {
    section 'sync of many tags'
    mkdir small && echo small >small/file
    "$ocimg" new --image s:1 >/dev/null && "$ocimg" append --image s:1 small >/dev/null
    python3 "$here/push_tags.py" $plain many s "$tags"
    start_registry three 5002
    count_requests() { # COMMAND...: per tag, at both registries
        : >one.log; : >three.log
        "$@" >/dev/null 2>>errors || { echo "$*: $(tail -1 errors)" >&2; return 1; }
        awk -v n="$(cat one.log three.log | grep -c 'HTTP/1.1"')" -v t="$tags" 'BEGIN { printf "%.2f", n / t }'
    }
    ours=$(count_requests "$ocimg" sync -q docker://$plain/many docker://127.0.0.1:5002/ours)
    theirs=$(count_requests skopeo sync --src docker --dest docker --src-tls-verify=false --dest-tls-verify=false $plain/many 127.0.0.1:5002/theirs)
    again=$(count_requests "$ocimg" sync -q docker://$plain/many docker://127.0.0.1:5002/ours)
    theirs_again=$(count_requests skopeo sync --src docker --dest docker --src-tls-verify=false --dest-tls-verify=false $plain/many 127.0.0.1:5002/theirs)
    local name arrived
    for name in ours theirs; do # the requests of half a sync say nothing
        arrived=$("$ocimg" list-tags 127.0.0.1:5002/$name/many | wc -l)
        [ "$arrived" -eq "$tags" ] || { echo "sync: $arrived of $tags tags arrived in $name: $(tail -1 errors)" >&2; exit 1; }
    done
    echo "Sync of $tags tags: $ours requests a tag, skopeo $theirs; once more with nothing to do: $again, skopeo $theirs_again."
}
if wanted pull; then pull; fi
if wanted push; then push; fi
if wanted unpack; then unpack; fi
if wanted mount; then mount_blobs; fi
if wanted cuts; then cuts; fi
if wanted sync; then sync_tags; fi
