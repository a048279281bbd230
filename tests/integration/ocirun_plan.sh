#!/bin/bash
# `ocirun plan`: everything create would do, in its order, as text and JSON, without root and without doing it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "no other runtime has the command"

make_bundle b
edit_config b '.mounts += [{destination: "/data", type: "bind", source: "/usr", options: ["rbind", "ro"]}]
    | .linux.resources.memory = {limit: 67108864} | .linux.sysctl = {"kernel.msgmax": "1"}
    | .hooks = {createRuntime: [{path: "/bin/true"}], poststop: [{path: "/bin/true"}]}
    | .linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3}]
    | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}
    | .process.user.uid = 1000'
cp "$RUNTIME" ocirun && chmod 755 ocirun # where an ordinary user may read it
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups -- "$test_dir/ocirun" "$@"; }
snapshot() { (find "$test_dir/b" -printf '%p %m %T@\n'; cat /proc/self/mountinfo; left_cgroups; left_state) 2>/dev/null; }

snapshot >before
check "plan needs no root" as_nobody plan --bundle b
cp "$test_out" plan.txt
snapshot >after
check "and changes nothing" cmp before after
for text in 'linux.namespaces[0]' 'root.path' 'mounts[0]' 'mounts[6]' 'linux.devices[0]' 'hooks.createRuntime[0]' 'hooks.poststop[0]' \
    'linux.resources.memory' 'linux.maskedPaths[0]' 'linux.readonlyPaths[0]' 'hostname' 'process.user' 'process.capabilities' 'process.rlimits' \
    'linux.seccomp' 'process.args' 'linux.sysctl' 'linux.cgroupsPath' 'process.noNewPrivileges'; do
    check "a step comes from $text" grep -qF -e "$text" plan.txt
done
before_in_plan() { [ "$(grep -nF -m1 -e "$1" plan.txt | cut -d: -f1)" -lt "$(grep -nF -m1 -e "$2" plan.txt | cut -d: -f1)" ]; }
check "namespaces come before mounts" before_in_plan 'linux.namespaces[0]' 'mounts[0]'
check "mounts keep their order" before_in_plan 'mounts[0]' 'mounts[6]'
check "masking comes after mounting" before_in_plan 'mounts[6]' 'linux.maskedPaths[0]'
check "the program comes after its filter" before_in_plan 'linux.seccomp' 'process.args'

check "plan --format json" as_nobody plan --format json --bundle b
cp "$test_out" plan.json
check "is JSON with steps" jq -e '.steps | length > 20 and all(.[]; has("phase") and has("action") and has("origin"))' plan.json
check_output "and has the same steps as the text" "$(grep -c '^ *[0-9][0-9]* ' plan.txt)" jq '.steps | length' plan.json
check_output "every step of the text stands in the JSON" '' bash -c \
    "jq -r '.steps[].origin' plan.json | while read -r origin; do grep -qF -e \"<- \$origin\" plan.txt || echo \"\$origin\"; done"
check "plan takes an id" as_nobody plan --bundle b my-container
check_match "which stands in it" my-container as_nobody plan --bundle b my-container
check_fails "plan refuses another format" any 'format' as_nobody plan --format yaml --bundle b
# plan CHANGE TEXT: create and plan tell the same about a wrong config.
edit_config b '.process.cwd = "relative"'
check_fails "a wrong config is refused as create does" 1 'process.cwd' as_nobody plan --bundle b
check_fails "a bundle that does not exist" 1 /no/such as_nobody plan --bundle /no/such
assert_nothing_left
finish
