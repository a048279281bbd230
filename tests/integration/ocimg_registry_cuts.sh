#!/bin/bash
# Pulls that end too early: killed at a hundred random moments, ended by Ctrl-C and by SIGTERM, refused by a full disk.
# What is complete stays, the next run goes on from there, and a proxy counts the bytes that are fetched again.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
. "$here/../support/registry.sh"
for program in docker-registry jq ip python3 timeout; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
proxy_program=$(realpath "$here/../support/counting_proxy.py")
scripted=$(realpath "$here/../support/hostile_registry.py")
export PYTHONDONTWRITEBYTECODE=1
enter_network "$@"
start_registry plain 5000
start_proxy() { # PORT COUNTS [BYTES PER SECOND]
    python3 "$proxy_program" "$1" 5000 "$2" ${3:+"$3"} </dev/null 2>proxy.err &
    wait_until 10 port_answers "$1"
}
# Every kill loses what the proxy has sent and the client has not read yet, on a busy machine several pieces of each of
# the three connections, however large the image is. So the image must not be a small one; the real one has 197 MB.
megabytes=(100 64 40)
"$ocimg" new --image lay:big >/dev/null || exit 1
for size in "${megabytes[@]}"; do
    mkdir files && head -c "${size}M" /dev/urandom >"files/random-$size"
    "$ocimg" append --image lay:big --compression none files >/dev/null || exit 1
    rm -r files
done
big=$(digest_of lay big)
bytes=$(jq '[.config.size, .layers[].size] | add' "lay/blobs/sha256/${big#sha256:}")
"$ocimg" push -q ./lay:big 127.0.0.1:5000/cut:1 >/dev/null || exit 1
received() { # COUNTS: bytes that were sent to the clients so far
    local down rest
    read -r down rest <"$1" && echo "$down"
}

# --- killed a hundred times ------------------------------------------------------------------------------
start_proxy 5100 counts 3000000
start_proxy 5101 slow 40000000 # for the rest
kills=0
pull_and_kill() { # one run of a random length, three tenths of a second as a rule; true: it was killed
    local limit
    limit=$(awk -v r="$RANDOM" 'BEGIN { printf "%.3f", 0.1 + 0.4 * r / 32768 }')
    timeout -s KILL "$limit" "$ocimg" copy -q docker://127.0.0.1:5100/cut:1 oci:cut:1 >/dev/null 2>&1
    [ $? -eq 137 ]
}
exec 4>&2 2>/dev/null # the shell tells of each one that is killed
while [ "$kills" -lt 100 ] && pull_and_kill; do kills=$((kills + 1)); done
exec 2>&4 4>&-
check_output "a pull of 204 MB is killed a hundred times" 100 echo "$kills"
check_output "and then comes to its end" "$big" "$ocimg" copy -q docker://127.0.0.1:5101/cut:1 oci:cut:1
again=$(awk -v got=$(($(received counts) + $(received slow))) -v whole="$bytes" 'BEGIN { printf "%.2f", 100 * (got - whole) / whole }')
check "it fetched $again % of all bytes more than an unbroken one, of 5 % allowed" \
    awk -v again="$again" 'BEGIN { exit !(again <= 5) }'
check "the layout is sound" "$ocimg" fsck cut
check_not "and nothing unfinished is left" test -e cut/.ocimg-partial

# --- interrupted in order --------------------------------------------------------------------------------
# The small blobs are there at once, the layers take their time.
complete() { find "$1/blobs" -type f 2>/dev/null | wc -l; }
begun() { [ "$(complete "$1")" -ge 1 ] && [ "$(find "$1/.ocimg-partial" -size +100k 2>/dev/null | wc -l)" -eq 3 ]; }
interrupt() { # SIGNAL LAYOUT: a pull that gets the signal after it has begun; its exit code in $code, in $took how long it took
    # Job control: a background job of a plain script ignores SIGINT.
    set -m
    "$ocimg" copy --progress none docker://127.0.0.1:5101/cut:1 "oci:$2:1" >/dev/null 2>"$2.err" &
    local pid=$!
    set +m
    wait_until 20 begun "$2"
    local begin=$EPOCHREALTIME
    kill -s "$1" "$pid"
    wait "$pid"
    code=$?
    took=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
}
for row in INT:130 TERM:143 HUP:129; do
    signal=${row%:*} layout=after-${row%:*}
    interrupt "$signal" "$layout"
    check_output "SIG$signal ends a pull with its exit code" "${row#*:}" echo "$code"
    check "within a second or so ($took s)" awk -v t="$took" 'BEGIN { exit !(t <= 2.5) }'
    check "it says why" grep -q "interrupted by SIG$signal" "$layout.err"
    check "complete blobs are kept" test "$(complete "$layout")" -ge 1
    check "unfinished ones wait" test "$(find "$layout/.ocimg-partial" -type f | wc -l)" -eq 3
    check_not "the image has no name yet" grep -q ref.name "$layout/index.json"
    kept=$(du -sb --apparent-size "$layout/.ocimg-partial" | cut -f1)
    before=$(received slow)
    check_output "the next run goes on" "$big" "$ocimg" copy -q docker://127.0.0.1:5101/cut:1 "oci:$layout:1"
    fetched=$(($(received slow) - before))
    check "and fetches what was missing: $fetched of $bytes bytes, $kept were there" test "$fetched" -le $((bytes - kept + 300000))
done
set -m
"$ocimg" copy --progress none docker://127.0.0.1:5101/cut:1 oci-archive:cut.tar:1 >/dev/null 2>&1 &
pid=$!
set +m
sleep 0.5
kill -s INT "$pid"
wait "$pid"
check_output "an archive that is interrupted" 130 echo $?
check_not "leaves no file" sh -c 'ls -A | grep -E "cut.tar|^\.ocimg"'

# A server that says nothing must not hold the command up.
python3 "$scripted" log 2>server.err </dev/null &
wait_until 10 port_answers 6001
check_exit "SIGTERM while the server is silent" 143 timeout --preserve-status -s TERM 1 \
    "$ocimg" copy -q docker://127.0.0.1:6001/m05-never:1 oci:silent:1
begin=$SECONDS
check_exit "SIGINT while the next try is waited for" 130 timeout --preserve-status -s INT 1 \
    "$ocimg" copy -q docker://127.0.0.1:6001/m04-long:1 oci:silent:1
check "which would have taken longer" test $((SECONDS - begin)) -le 6
finish
