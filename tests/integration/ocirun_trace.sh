#!/bin/bash
# --trace-phases and --trace-svg: what the phases of a start are, of both processes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "only ocirun has --trace-phases"

make_bundle b echo hello
phases_of() { # OPTIONS: the JSON that the command prints on stderr
    rt "$@" 2>&1 >/dev/null
}
said() { # REGEX...: the last command whose stderr was kept said all of them
    local regex
    for regex in "$@"; do grep -q "$regex" said || return 1; done
}
check_output "the container's output is its own" hello rt run --trace-phases -b b one
cp "$test_err" said
check "phases of both processes" said '^host .*config.json' '^init .*mounts'
phases_of run --trace-phases --trace-format json -b b one >phases.json
check "one line of JSON" test "$(wc -l <phases.json)" -eq 1
check "JSON has both processes, in microseconds" jq -e '.unit == "us" and .command == "run"
    and ([.phases[].process] | unique == ["host", "init"]) and all(.phases[]; .duration >= 0)' phases.json
check "init's phases begin after the clone" jq -e '([.phases[] | select(.name == "clone init")][0].start) <=
    ([.phases[] | select(.process == "init")][0].start)' phases.json
check "the phases of the host fill its time" jq -e '[.phases[] | select(.process == "host")] as $p
    | ($p | map(.duration) | add) as $sum | ($p[-1].start + $p[-1].duration) as $last | ($last - $sum | fabs) < 50' phases.json
check "execve is the last phase of init" jq -e '[.phases[] | select(.process == "init")][-1].name | test("execve")' phases.json

check "a picture alone prints nothing" bash -c "'$RUNTIME' --root '$state_root' run --trace-svg picture.svg -b b one 2>err && [ ! -s err ]"
check "the picture is XML with both processes" python3 -c "
import xml.dom.minidom as x
d = x.parse('picture.svg').documentElement
t = [e.firstChild.data for e in d.getElementsByTagName('text')]
assert d.tagName == 'svg' and 'host' in t and 'init' in t, t
assert len(d.getElementsByTagName('rect')) > 10"
check "before the command too" bash -c "'$RUNTIME' --trace-phases --root '$state_root' run -b b one 2>&1 | grep -q mounts"
check_fails "an unknown format is refused" 1 '--trace-format' rt run --trace-phases --trace-format xml -b b one
check_fails "a picture that cannot be written is an error" 1 '--trace-svg' rt run --trace-svg /nowhere/x.svg -b b one

set_args b sleep 1000
check "create" rt create --trace-phases -b b two
cp "$test_err" said
check "create: phases of both" said '^host .*cgroup' '^init .*program'
check_not "create: no execve" said execve
check "start" rt --trace-phases start two
check "exec" rt exec --trace-phases two true
cp "$test_err" said
check "exec: joining and execve are phases" said '^init .*join' '^init .*execve'
check "delete" rt delete --force two

# The clocks of a time namespace are shifted: the phases are not.
edit_config b '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 100000}} | .process.args = ["true"]'
if [ -e /proc/self/ns/time ] && phases_of run --trace-phases --trace-format json -b b one >phases.json; then
    check "a time namespace does not shift the phases" jq -e 'all(.phases[]; .start < 60000000)' phases.json
fi
set_args b /nowhere
check_fails "a start that fails shows its phases too" 1 'mounts' rt run --trace-phases -b b one
assert_nothing_left
finish
