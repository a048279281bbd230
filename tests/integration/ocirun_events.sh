#!/bin/bash
# events: statistics in runc's shape, and lines for everything that happens to a container.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "no other runtime tells what happens"
has_freezer || skip_all "without cgroups there is nothing to be counted or paused"

make_bundle b sh -c 'while :; do sleep 0.1; done'
edit_config b '.linux.resources.pids.limit = 33'
[ -d /sys/fs/cgroup/pids ] || edit_config b 'del(.linux.resources.pids)'
rt create -b b --pid-file b/pid one || exit 1
"$RUNTIME" --root "$state_root" events --interval 200ms one >lines 2>events.err &
expect_process $!
one_watcher=$!
"$RUNTIME" --root "$state_root" events >all 2>/dev/null &
expect_process $!
all_watcher=$!
told() { grep -q "\"type\":\"$2\",\"id\":\"$3\"" "$1"; } # FILE TYPE ID
check "a container that waits for its start is counted" wait_until 10 told lines stats one
# The watcher of all has no first line to wait for: it is ready when its inotify descriptor is there.
inotify_ready() { ls -l "/proc/$all_watcher/fd" | grep -q inotify; }
check "events without an id" wait_until 10 inotify_ready
rt start one && rt exec one true && rt pause one && rt resume one
[ ! -d /sys/fs/cgroup/pids ] || rt update --pids-limit 44 one
make_bundle c
rt run --detach -b c two
rt kill one KILL
check "the end is told, and events ends" wait $one_watcher
for type in start exec pause resume exit; do
    check "$type is told" told lines "$type" one
    check "$type is told among all" wait_until 5 told all "$type" one
done
check "only what is new is told" eval '! told lines create one'
check "every line is JSON" jq -e . lines
check_output "the exec line has a pid and a time" true jq -s 'map(select(.type == "exec"))[0].data | (.pid > 0) and (.time | test("^20"))' lines
check "another container is told among all" wait_until 5 told all create two
check "but not to who asked for one" eval '! grep -q "\"id\":\"two\"" lines'
exit_code=$(jq -s 'map(select(.type == "exit"))[0].data.exitCode' lines)
if [ "$exit_code" = null ]; then
    skip "the exit code" "this kernel does not tell it to strangers, or nobody has reaped the process"
else
    check_output "the exit line has the code" 137 echo "$exit_code"
fi
kill $all_watcher
wait $all_watcher 2>/dev/null
rt delete --force one

# --- statistics ----------------------------------------------------------------------------------------
check "events --stats" rt events --stats two
cp "$test_out" stats
check_output "is one line" '1 stats' wc -l stats
check_output "with runc's envelope" '["data","id","type"] stats two' jq -r '"\(keys | tojson) \(.type) \(.id)"' stats
check_output "and runc's sections" 'blkio cpu cpuset hugetlb intel_rdt memory network_interfaces pids' jq -r '.data | keys | join(" ")' stats
check "the CPU is counted in nanoseconds" jq -e '.data.cpu.usage.kernel >= 0 and .data.cpu.usage.user >= 0' stats
check "memory has its four entries" jq -e '.data.memory | .usage.limit >= 0 and .swap.failcnt >= 0 and .kernel.limit >= 0 and .kernelTCP.limit >= 0' stats
if [ -d /sys/fs/cgroup/memory ]; then
    check "memory is counted" jq -e '.data.memory.usage.usage > 0 and (.data.memory.raw | has("cache"))' stats
    check "CPU time is counted" jq -e '.data.cpu.usage.total > 0 and (.data.cpu.usage.percpu | length > 0)' stats
    check_output "processes are counted" 1 jq .data.pids.current stats
    check "the cpuset is told as numbers" jq -e '.data.cpuset.cpus | index(0) == 0' stats

else
    skip "memory and pids counted" "this view of cgroups has no v1 controllers of theirs"
fi

# --- out of memory -------------------------------------------------------------------------------------
watching() { # PID: the watcher has an eventfd of cgroup v1, or a second inotify watch, on memory.events
    ls -l "/proc/$1/fd" | grep -q eventfd || [ "$(cat "/proc/$1"/fdinfo/* 2>/dev/null | grep -c '^inotify ')" -ge 2 ]
}
# greedy ID: a created container that takes too much memory once it is started, and a watcher of it.
greedy() {
    rt create -b c "$1" || return 1
    "$RUNTIME" --root "$state_root" events --interval 0 "$1" >"$1.events" 2>/dev/null &
    watcher=$!
    expect_process $watcher
    wait_until 10 watching $watcher
}
if [ -d /sys/fs/cgroup/memory ] || grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
    edit_config c '.process.args = ["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"] | .linux.resources.memory = {limit: 16777216, swap: 16777216}
      | .linux.cgroupsPath += "-oom"'
    check "a container with little memory" greedy greedy
    rt start greedy
    check "events ends with the container" wait $watcher
    check "a process that the kernel ended for its memory" told greedy.events oom greedy
    check "in runc's words" grep -qxF '{"type":"oom","id":"greedy"}' greedy.events
    check "no statistics with --interval 0" eval '! grep -q stats greedy.events'
    rt delete greedy
    # A watcher that is slow to look, as on a busy host, finds no cgroup any more.
    check "another" greedy late
    kill -STOP $watcher
    rt start late
    check "it ends" wait_until 10 status_is late stopped
    check "and is deleted" rt delete late
    kill -CONT $watcher
    check "events ends" wait $watcher
    check_output "what the kernel ended is told although the cgroup is gone" '{"type":"oom","id":"late"}' grep oom late.events
    check_output "the end is told last" exit jq -rs 'last.type' late.events
else
    skip "out of memory" "this view of cgroups has no memory controller"
fi

# --- bad input -----------------------------------------------------------------------------------------
check_fails "an absent container" 1 'container does not exist' rt events absent
check_fails "a bad interval" 1 '--interval' rt events --interval 5 two
check_fails "statistics of nobody" 1 "needs a container's id" rt events --stats
rt kill two KILL
wait_until 5 status_is two stopped
check_fails "a stopped container" 1 'container not running' rt events --stats two
check_fails "a stopped container cannot be followed" 1 'container not running' rt events two
rt delete two
assert_nothing_left
finish
