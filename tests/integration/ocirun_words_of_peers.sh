#!/bin/bash
# What suites written for runc and crun look for: words on stderr, the debug log, pipes as input, CPUs.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b true
cp b/config.json base.json
configure() { jq "$1" <base.json >b/config.json; }

# --- the debug log ---------------------------------------------------------------------------------
debugging() { "$RUNTIME" --root "$state_root" --debug "$@" 2>&1; }
check_match "--debug tells on stderr" 'level=debug msg="nsexec container setup' debugging run -b b one
check_match "that init is set up" 'child process in init\(\)' debugging run -b b one
check_match "and that the program runs" 'init: closing the pipe to signal completion' debugging run -b b one
check_match "and where the runtime runs from" 'runc exeseal: using /proc/self/exe clone' debugging run -b b one
check_output "with --log stderr stays quiet" '' debugging --log "$test_dir/debug.log" run -b b one
check_match "the file has it" 'level=debug' cat debug.log
check "as JSON" "$RUNTIME" --root "$state_root" --debug --log "$test_dir/debug.json" --log-format json run -b b one
check "one record a line" jq -e -s 'length > 3 and all(.[]; .level == "debug" and .msg and .time)' debug.json
check_fails "a log that cannot be written" 1 '--log: open /nonexistent/log' "$RUNTIME" --root "$state_root" --log /nonexistent/log list
check "--log makes the file" "$RUNTIME" --root "$state_root" --log "$test_dir/made.log" list
check "though nothing is told" test -e made.log -a ! -s made.log
filtered='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
flags_are() { # EXPECTED FILTER
    configure "$filtered | $2"
    check_match "seccomp flags with '$2'" "\"seccomp filter flags: $1\"" debugging run -b b one
}
flags_are 4 'del(.linux.seccomp.flags)'
flags_are 0 '.linux.seccomp.flags = []'
flags_are 2 '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]'
assert_nothing_left

# --- hooks -----------------------------------------------------------------------------------------
for kind in prestart createRuntime createContainer startContainer poststart; do
    configure ".hooks.$kind = [{path: \"/bin/true\"}, {path: \"/bin/false\"}]"
    check_fails "the second $kind hook" 1 "error running $kind hook #1:" rt run -b b one
done
configure ".hooks.createContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"pwd -P >$test_dir/place\"]}]"
check "a createContainer hook" rt run -b b one
check_output "begins in the root file system" "$(realpath b/rootfs)" cat place
configure '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "test \"$SHARED\" = yes"]}]'
check "a hook without env has the runtime's" env SHARED=yes "$RUNTIME" --root "$state_root" run -b b one
configure '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "test -z \"$SHARED\""], env: ["PATH=/bin"]}]'
check "one with env has that alone" env SHARED=yes "$RUNTIME" --root "$state_root" run -b b one
configure '.process.env += ["INSIDE=1"] | .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "test \"$INSIDE-$SHARED\" = 1-"]}]'
check "a startContainer hook has the container's" env SHARED=yes "$RUNTIME" --root "$state_root" run -b b one
configure '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL"}]}
    | .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "mkdir /tmp/forbidden"]}]'
check_fails "a startContainer hook stands under the filter" 1 'signal 31 (bad system call)' rt run -b b one
assert_nothing_left

# --- CPUs ------------------------------------------------------------------------------------------
configure '.process.args = ["grep", "Cpus_allowed_list", "/proc/self/status"]'
every_cpu=$(grep Cpus_allowed_list /proc/self/status)
check_output "the caller's CPUs are not the container's" "$every_cpu" taskset -c 0 "$RUNTIME" --root "$state_root" run -b b one
configure '.process.args = ["sleep", "1000"]'
check "a container" rt run -d -b b one
check_output "nor those of exec" "$every_cpu" taskset -c 0 "$RUNTIME" --root "$state_root" exec one grep Cpus_allowed_list /proc/self/status
echo '{"args": ["true"], "cwd": "/", "execCPUAffinity": {"initial": "0"}}' >pinned.json
check_match "--debug shows the first CPUs of exec" 'nsexec\[[0-9]+\]: affinity: 0x1"' debugging exec --process pinned.json one
check_match "and the steps of exec" 'setns_init: about to exec' debugging exec one true

# --- pipes as input --------------------------------------------------------------------------------
from_pipe() { rt exec --process <(echo '{"args": ["echo", "piped"], "cwd": "/"}') one; }
check_output "exec --process reads a pipe" piped from_pipe
limits='{"pids": {"limit": 33}}'
[ -d /sys/fs/cgroup/pids ] || limits='{}'
limits_from_pipe() { rt update --resources <(echo "$limits") one; }
check "update --resources reads a pipe" limits_from_pipe

# --- words -----------------------------------------------------------------------------------------
check_fails "exec --cgroup to the outside" 255 'bad sub cgroup path: .. is not a sub cgroup path' rt exec --cgroup .. one true
if has_freezer; then
    check_fails "exec --cgroup to nowhere" 255 '/nowhere/cgroup.procs: no such file ' rt exec --cgroup nowhere one true
    check_fails "a cgroup that is used" 1 "container's cgroup is not empty" rt run -b b two
fi
if [ -d /sys/fs/cgroup/pids ]; then
    check_fails "exec --cgroup with a controller that is none" 255 'unknown controller ' rt exec --cgroup whatever:/ one true
fi
check "short flags in one word" rt exec -d one true
check_fails "-td is -t -d" 255 'without setting console socket' rt exec -td one true
check_fails "-dx is nothing" any 'flag provided but not defined' rt exec -dx one true
check "delete" rt delete --force one
missing_descriptor() { rt run --preserve-fds 1 -b b one 3>&-; }
check_fails "descriptors are counted from 0" 1 'preserved-fd 0' missing_descriptor
configure '.linux.sysctl = {"kernel.hostname": "x"}'
check_fails "kernel.hostname is the hostname's" 1 'linux.sysctl["kernel.hostname"]: conflicts with hostname' rt run -b b one
configure '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nonexistent.sock",
    syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
check_fails "a seccomp agent that is away" 1 'failed to connect with seccomp agent' rt run -b b one
rm -rf fresh && mkdir fresh
check "spec" rt spec --bundle fresh
if [ -d /sys/fs/cgroup/pids ]; then
    check "asks for no cgroup namespace on cgroup v1" jq -e '[.linux.namespaces[].type] | index("cgroup") | not' fresh/config.json
else
    check "asks for a cgroup namespace on cgroup v2" jq -e '[.linux.namespaces[].type] | index("cgroup")' fresh/config.json
fi
assert_nothing_left

# --- --no-pivot ------------------------------------------------------------------------------------
configure '.process.args = ["unshare", "-mrpf", "mount", "-t", "proc", "none", "/proc"]
    | .process.capabilities |= map_values(. + ["CAP_SETFCAP"])'
check_fails "no procfs without masks in a user namespace of the container's" 1 'permission denied' rt run -b b one
check_fails "nor with --no-pivot" 1 'permission denied' rt run --no-pivot -b b one
check "the host's procfs stays" test -e /proc/self/mountinfo
assert_nothing_left

# --- the cgroup of exec after init has moved -------------------------------------------------------
if [ -e /sys/fs/cgroup/cgroup.procs ] && grep -q hugetlb /sys/fs/cgroup/cgroup.controllers; then
    configure '.process.args = ["sleep", "1000"]'
    own=/sys/fs/cgroup/$test_cgroup-b
    check "a container" rt run -d -b b one
    check "init moves" bash -c "mkdir '$own/inner' && cat '$own/cgroup.procs' >'$own/inner/cgroup.procs'"
    check_match "exec joins the container's cgroup all the same" "^0::/$test_cgroup-b\$" rt exec one cat /proc/self/cgroup
    echo +hugetlb >"$own/cgroup.subtree_control"
    check_match "once that hands controllers on, init's" "^0::/$test_cgroup-b/inner\$" rt exec one cat /proc/self/cgroup
    check_fails "asked for by name it is refused" 255 'adding pid of the new process to cgroups' rt exec --cgroup / one true
    check "delete" rt delete --force one
else
    skip "the cgroup of exec after init has moved" "cgroup v2 is not alone here"
fi
assert_nothing_left

# --- a limit that is lifted ------------------------------------------------------------------------
limit=/sys/fs/cgroup/memory/$test_cgroup-b/memory.memsw.limit_in_bytes
if [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]; then
    configure '.process.args = ["sleep", "1000"] | .linux.resources.memory = {limit: 52428800, swap: 94371840}'
    check "a container with limits" rt run -d -b b one
    check "update --memory -1" rt update --memory -1 one
    check_output "lifts that of swap too" "$(cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes)" cat "$limit"
    check "delete" rt delete --force one
else
    skip "lifting memory limits" "no swap accounting of cgroup v1 here"
fi
assert_nothing_left
finish
