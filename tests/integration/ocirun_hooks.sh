#!/bin/bash
# Hooks: six kinds in their order and places, the state on stdin, environment, timeout and failure rules.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b sh -c 'echo process >>/log'
cp b/config.json base.json
log=$test_dir/log
# The hooks run outside (five of them) and inside (startContainer); both write to one file, which the
# container sees as /log.
cat >hook <<HOOK
#!/bin/sh
state=\$(cat)
echo "\$1" >>$log
echo "\$state" >$test_dir/state-\$1.json
readlink /proc/self/ns/mnt >$test_dir/mnt-\$1
readlink /proc/self/ns/uts >$test_dir/uts-\$1
readlink /proc/self/ns/ipc >$test_dir/ipc-\$1
env >$test_dir/env-\$1
pwd >$test_dir/cwd-\$1
HOOK
chmod 755 hook
hook() { jq -nc --arg path "$test_dir/hook" --arg kind "$1" '{path: $path, args: ["hook", $kind], env: ["KIND=" + $kind, "PATH=/usr/bin:/bin"]}'; }
all_hooks=".hooks = {prestart: [$(hook prestart)], createRuntime: [$(hook createRuntime)], createContainer: [$(hook createContainer)],
    startContainer: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat >/startContainer.json; echo startContainer >>/log\"]}],
    poststart: [$(hook poststart)], poststop: [$(hook poststop)]}
    | .mounts += [{destination: \"/log\", type: \"bind\", source: \"$log\", options: [\"bind\"]}]
    | .annotations = {\"org.example.key\": \"value\"}"
configure() { : >"$log" && jq "$1" <base.json >b/config.json; }

# --- order -----------------------------------------------------------------------------------------
configure "$all_hooks"
check "create" rt create -b b one
# runc 1.1 runs poststart hooks in create; the specification has them after start.
is_ocirun && check_output "create runs prestart, createRuntime and createContainer" $'prestart\ncreateRuntime\ncreateContainer' cat "$log"
pid=$(rt state one | jq .pid)
uts=$(readlink "/proc/$pid/ns/uts")
check "start" rt start one
check "the process runs" wait_until 5 grep -q process "$log"
check "the container stops" wait_until 5 status_is one stopped
check "delete" rt delete one
check_output "all six in order" $'prestart\ncreateRuntime\ncreateContainer\nstartContainer\nprocess\npoststart\npoststop' \
    bash -c "sed 's/^poststart$/~&/; s/^process$/|&/' '$log' | awk '/^[|~]/ { held[substr(\$0, 1, 1)] = substr(\$0, 2); if (held[\"|\"] && held[\"~\"]) print held[\"|\"] \"\n\" held[\"~\"]; next } 1'"

# --- state on stdin --------------------------------------------------------------------------------
for kind in prestart createRuntime createContainer poststart poststop; do
    check "$kind gets the state of this container" jq -e --arg b "$test_dir/b" \
        '.id == "one" and .bundle == $b and .annotations["org.example.key"] == "value" and (.ociVersion | length) > 0' "state-$kind.json"
    check_output "$kind has the environment of its own only" "KIND=$kind" grep ^KIND= "env-$kind"
    check_not "$kind does not inherit the caller's environment" grep -q -e ^RUNTIME= "env-$kind"
done
check "startContainer gets it inside of the container" jq -e '.id == "one"' b/rootfs/startContainer.json
statuses=$(for kind in prestart createRuntime createContainer poststart poststop; do jq -r .status "state-$kind.json"; done | xargs)
is_ocirun && check_output "the status at each" 'creating creating creating running stopped' echo "$statuses"
check_output "the pid is the container's" "$pid $pid" bash -c 'echo $(jq .pid state-createRuntime.json) $(jq .pid state-poststart.json)'
check_output "status at startContainer" "$(by_runtime created "$(jq -r .status b/rootfs/startContainer.json)")" jq -r .status b/rootfs/startContainer.json

# --- namespaces ------------------------------------------------------------------------------------
for kind in prestart createRuntime poststart poststop; do
    check_output "$kind runs in the runtime's namespaces" "$(readlink /proc/self/ns/uts)" cat "uts-$kind"
done
check_output "createContainer runs in the container's namespaces" "$uts" cat uts-createContainer
inside_but_before_pivot() { [ "$(cat mnt-createContainer)" != "$(readlink /proc/self/ns/mnt)" ]; }
check "createContainer runs in the container's mount namespace" inside_but_before_pivot

# --- args, several hooks ---------------------------------------------------------------------------
configure ".hooks = {createRuntime: [{path: \"/bin/sh\", args: [\"zero\", \"-c\", \"echo first \$0 >>$log\"]},
    {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo second >>$log\"]}]} | .process.args = [\"true\"]"
check "several hooks of a kind" rt run -b b one
check_output "in the order of the list" $'first zero\nsecond' cat "$log"
configure '.hooks = {createRuntime: [{path: "/bin/true"}]} | .process.args = ["true"]'
check "a hook without args" rt run -b b one
configure ".hooks = {prestart: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"ls /proc/self/fd | grep -vx 3 >$log\"]}]} | .process.args = [\"true\"]"
check "a hook to look at its descriptors" rt run -b b one
is_ocirun && check_output "a hook has stdin, stdout and stderr only" '0 1 2' xargs -a "$log"

# --- failures --------------------------------------------------------------------------------------
fails='{path: "/bin/sh", args: ["sh", "-c", "echo broken hook >&2; exit 3"]}'
for kind in prestart createRuntime createContainer; do
    configure ".hooks = {$kind: [$fails]}"
    check_fails "a failing $kind fails create" 1 "$(by_runtime "$kind" hook)" rt create -b b one
    is_ocirun && edit_config b --argjson stop "$(hook poststop)" '.hooks.poststop = [$stop]'
    is_ocirun && check_fails "with what the hook said" 1 'broken hook' rt create -b b one
    assert_nothing_left "$kind: nothing is left"
    is_ocirun && check_output "$kind: the poststop hooks run" poststop cat "$log"
done
configure ".hooks = {startContainer: [$fails], poststop: [$(hook poststop)]} | .process.args = [\"sh\", \"-c\", \"echo never >>/never\"]"
check_fails "a failing startContainer fails run" 1 "$(by_runtime startContainer '')" rt run -b b one
check_not "and the process never ran" test -e b/rootfs/never
is_ocirun && check_output "poststop hooks run then" poststop cat "$log"
rt delete --force one 2>/dev/null
configure ".hooks = {poststart: [$fails, $(hook poststart)]} | .process.args = [\"sleep\", \"1000\"]"
edit_config b --argjson stop "$(hook poststop)" '.hooks.poststop = [$stop]'
check_fails "a failing poststart fails run" 1 "$(by_runtime poststart '')" rt run -d -b b one
assert_nothing_left "the container is destroyed"
is_ocirun && check_output "the poststop hooks run then, and no other poststart" poststop cat "$log"
if is_ocirun; then
    : >"$log"
    check "the same with create" rt create -b b one
    check_fails "and start" 1 poststart rt start one
    assert_nothing_left "the container is destroyed (runtime.md, Lifecycle 9)"
    check_output "the poststop hooks run" poststop cat "$log"
fi
configure ".hooks = {poststop: [$fails, $(hook poststop)]} | .process.args = [\"sleep\", \"1000\"]"
check "a container with a failing poststop" rt run -d -b b one
run_captured rt delete --force one
is_ocirun && check_output "the next poststop runs after a failed one" poststop cat "$log"
assert_nothing_left "and the container is deleted"
configure '.hooks = {createRuntime: [{path: "/no/such/hook"}]}'
check_fails "a hook that does not exist" 1 /no/such/hook rt create -b b one
assert_nothing_left

# --- timeout ---------------------------------------------------------------------------------------
configure ".hooks = {createRuntime: [{path: \"/bin/sleep\", args: [\"sleep\", \"1000\"], timeout: 1}]}"
started=$SECONDS
check_fails "a hook that takes longer than its timeout fails" 1 "$(by_runtime 'timed out' 'ran past')" rt create -b b one
check "at once" test $((SECONDS - started)) -lt 10
assert_nothing_left "the hook is gone too"
configure ".hooks = {createRuntime: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo in time >$log\"], timeout: 10}]} | .process.args = [\"true\"]"
check "a hook within its timeout" rt run -b b one
check_output "did its work" 'in time' cat "$log"
assert_nothing_left
finish
