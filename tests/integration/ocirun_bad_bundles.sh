#!/bin/bash
# Bundles and commands that are wrong: each gets one clear sentence that names the place, the right exit
# code, and leaves nothing behind.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "the sentences are ocirun's own"

make_bundle b true
cp b/config.json base.json
configure() { jq "$1" <base.json >b/config.json; }
# One sentence: a single line on stderr, none of it a stack of addresses.
one_line() { [ "$(grep -c . "$test_err")" -eq 1 ]; }
is_one_line() { if one_line; then passed "in one line"; else failed "in one line" "$(cat "$test_err")"; fi; }
# bad NAME TEXT...: create fails with exit code 1 and one line that holds every TEXT; nothing is left.
bad() {
    local name=$1 text
    shift
    run_captured rt create --bundle b one
    if [ "$test_status" -ne 1 ]; then report_failure "$name" "expected exit code 1" create; rt delete --force one; return; fi
    for text; do
        if ! grep -qF -e "$text" "$test_err"; then report_failure "$name" "expected on stderr: $text" create; return; fi
    done
    if [ -z "${several_lines:-}" ] && ! one_line; then report_failure "$name" "expected one line on stderr" create; return; fi
    if ! nothing_is_left && ! wait_until 5 nothing_is_left; then failed "$name" "$(what_is_left)"; rt delete --force one; return; fi
    passed "$name"
}
# refuse NAME FILTER TEXT...: the base configuration, changed by FILTER.
refuse() {
    local name=$1
    configure "$2"
    shift 2
    bad "$name" "$@"
}
raw() { # NAME CONTENT TEXT...: config.json is exactly CONTENT
    local name=$1
    printf '%s' "$2" >b/config.json
    shift 2
    bad "$name" "$@"
}

# --- the bundle ------------------------------------------------------------------------------------
check_fails "a bundle that does not exist" 1 /no/such/bundle rt create --bundle /no/such/bundle one
is_one_line
check_fails "a bundle that is a file" 1 base.json rt create --bundle base.json one
mkdir empty
check_fails "a bundle without config.json" 1 config.json rt create --bundle empty one
is_one_line
mkdir -p directory/config.json
check_fails "config.json is a directory" 1 config.json rt create --bundle directory one
assert_nothing_left
rm b/config.json && mkfifo b/config.json
check_fails "config.json is a fifo" 1 config.json rt create --bundle b one
rm b/config.json && ln -s loop b/config.json
bad "config.json is a dangling link" config.json
rm b/config.json

# --- broken JSON -----------------------------------------------------------------------------------
raw "an empty config.json" '' config.json
raw "no JSON at all" 'hello' 'config.json:1:'
raw "JSON that ends too early" '{"ociVersion": "1.0.2",' 'config.json:1:'
raw "a comma too much, with line and column" $'{\n  "ociVersion": "1.0.2",\n  "root": {"path": "rootfs",}\n}' 'config.json:3:29:'
raw "a key given twice" $'{"ociVersion": "1.0.2",\n "ociVersion": "1.0.2", "root": {"path": "rootfs"}}' ociVersion 'config.json:2:2:'
raw "an array instead of an object" '[]' config.json
raw "null" 'null' config.json
raw "text after the end" '{} {}' 'config.json:1:'
raw "invalid UTF-8" $'{"ociVersion": "\xff\xfe"}' config.json
raw "a string with a zero byte" '{"ociVersion": "1.0.2", "root": {"path": "root\u0000fs"}, "process": {"cwd": "/", "args": ["true"]}}' root.path
deep=$(printf '[%.0s' $(seq 5000))
raw "nesting without end" "{\"ociVersion\": $deep" config.json

# --- required properties ---------------------------------------------------------------------------
for property in .ociVersion .root.path .process.cwd '.mounts[0].destination' \
    '.linux.namespaces[0].type' '.process.rlimits[0].type' '.process.rlimits[0].soft' '.process.rlimits[0].hard'; do
    refuse "without $property" "del($property)" "${property#.}" required
done
refuse "without process.args" 'del(.process.args)' process.args
configure 'del(.process)'
check "create needs no process, only start does" rt create --bundle b one
check_fails "start without a process" 1 process rt start one
check "delete" rt delete --force one
refuse "without root" 'del(.root)' root
refuse "a hook without path" '.hooks = {prestart: [{args: ["x"]}]}' 'hooks.prestart[0].path' required
refuse "a device without path" '.linux.devices = [{type: "c", major: 1, minor: 3}]' 'linux.devices[0].path' required
refuse "a device without type" '.linux.devices = [{path: "/dev/x", major: 1, minor: 3}]' 'linux.devices[0].type' required
refuse "seccomp without defaultAction" '.linux.seccomp = {syscalls: []}' linux.seccomp.defaultAction required
refuse "a seccomp rule without names" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_ERRNO"}]}' \
    'linux.seccomp.syscalls[0].names' required
refuse "a mapping without size" \
    '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 1}] | .linux.gidMappings = [{containerID: 0, hostID: 1, size: 1}]' \
    'linux.uidMappings[0].size' required

# --- wrong types and ranges ------------------------------------------------------------------------
refuse "args is a string" '.process.args = "true"' process.args 'string'
refuse "an argument is a number" '.process.args = ["true", 1]' 'process.args[1]'
refuse "uid is a string" '.process.user.uid = "0"' process.user.uid
refuse "uid is negative" '.process.user.uid = -1' process.user.uid
refuse "uid is too large" '.process.user.uid = 4294967296' process.user.uid 4294967296
refuse "uid is a fraction" '.process.user.uid = 1.5' process.user.uid
refuse "terminal is a string" '.process.terminal = "yes"' process.terminal
refuse "mounts is an object" '.mounts = {}' mounts
refuse "a namespace is a string" '.linux.namespaces = ["pid"]' 'linux.namespaces[0]'
refuse "annotations have values that are strings" '.annotations = {a: 1}' annotations
refuse "oomScoreAdj is out of range" '.process.oomScoreAdj = 1001' process.oomScoreAdj
several_lines=yes
refuse "all problems are reported, not only the first" '.process.args = 1 | .process.cwd = 2 | .hostname = 3' process.args process.cwd hostname
several_lines=

# --- unknown words ---------------------------------------------------------------------------------
refuse "an unknown namespace" '.linux.namespaces[0].type = "nonsense"' 'linux.namespaces[0].type' nonsense
refuse "an unknown rlimit" '.process.rlimits[0].type = "RLIMIT_NONSENSE"' 'process.rlimits[0].type' RLIMIT_NONSENSE
refuse "a rlimit given twice" '.process.rlimits += .process.rlimits' 'process.rlimits[1]' RLIMIT_NOFILE
refuse "soft above hard" '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]' 'process.rlimits[0]'
refuse "an unknown seccomp action" '.linux.seccomp = {defaultAction: "SCMP_ACT_NONSENSE"}' linux.seccomp.defaultAction SCMP_ACT_NONSENSE
refuse "an unknown seccomp operator" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_ERRNO",
    args: [{index: 0, value: 1, op: "SCMP_CMP_NONSENSE"}]}]}' 'linux.seccomp.syscalls[0].args[0].op' SCMP_CMP_NONSENSE
refuse "an unknown architecture" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NONSENSE"]}' 'linux.seccomp.architectures[0]'
refuse "an unknown seccomp flag" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["NONSENSE"]}' 'linux.seccomp.flags[0]'
refuse "an unknown rootfsPropagation" '.linux.rootfsPropagation = "nonsense"' linux.rootfsPropagation nonsense
refuse "an unknown kind of device" '.linux.devices = [{path: "/dev/x", type: "x", major: 1, minor: 1}]' 'linux.devices[0].type'
unknown_capability() {
    configure '.process.capabilities.bounding += ["CAP_NONSENSE"]'
    run_captured rt create --bundle b one
    grep -F CAP_NONSENSE "$test_err" # refused or left out with a warning: it is named
}
check "an unknown capability is named" unknown_capability
rt delete --force one
configure '.nonsense = {x: 1} | .process.nonsense = 2 | .linux.nonsense = [3]'
check "unknown properties are ignored, as the specification says" rt run -b b one

# --- contradictions --------------------------------------------------------------------------------
refuse "a version from the future" '.ociVersion = "2.0.0"' ociVersion 2.0.0
refuse "a version that is none" '.ociVersion = "latest"' ociVersion latest
refuse "a relative cwd" '.process.cwd = "tmp"' process.cwd tmp absolute
refuse "empty args" '.process.args = []' process.args empty
relative_destination() {
    configure '.mounts[0].destination = "proc"'
    run_captured rt run --bundle b one
    [ "$test_status" -eq 0 ] && grep -F 'mounts[0].destination' "$test_err" # as runc: taken from /, with a warning
}
check "a relative mount destination is warned about" relative_destination
refuse "a relative hook path" '.hooks = {poststop: [{path: "bin/true"}]}' 'hooks.poststop[0].path' absolute
refuse "a hook timeout of 0" '.hooks = {poststop: [{path: "/bin/true", timeout: 0}]}' 'hooks.poststop[0].timeout'
refuse "a namespace twice" '.linux.namespaces += [{type: "pid"}]' 'linux.namespaces' pid
refuse "sysctl of another namespace" '.linux.sysctl = {"net.ipv4.ip_forward": "1"}' net.ipv4.ip_forward
refuse "a mapping without a user namespace" '.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1}]' linux.uidMappings
refuse "a readonly path that is relative" '.linux.readonlyPaths = ["proc"]' 'linux.readonlyPaths[0]'
refuse "a masked path that is relative" '.linux.maskedPaths = ["proc"]' 'linux.maskedPaths[0]'
refuse "a cgroupsPath with .." ".linux.cgroupsPath = \"/$test_cgroup/../../x\"" linux.cgroupsPath

# --- what only the machine can tell ----------------------------------------------------------------
refuse "the rootfs does not exist" '.root.path = "nowhere"' root.path nowhere
refuse "the rootfs is a file" '.root.path = "config.json"' root.path
refuse "a mount source does not exist" '.mounts += [{destination: "/mnt", type: "bind", source: "/no/such/source", options: ["bind"]}]' \
    'mounts[6]' /no/such/source 'no such file or directory'
refuse "an unknown filesystem" '.mounts += [{destination: "/mnt", type: "nonsense", source: "x"}]' 'mounts[6]' nonsense
refuse "a namespace path does not exist" '.linux.namespaces[0] = {type: "ipc", path: "/no/such/ns"} | .linux.namespaces[1].type = "pid"' /no/such/ns
refuse "an unknown program" '.process.args = ["no-such-program"]' 'exec: "no-such-program": executable file not found in $PATH'
refuse "an absent program path" '.process.args = ["/no/such"]' /no/such 'no such file or directory'
refuse "a program that is not executable" '.process.args = ["/etc/passwd"]' /etc/passwd 'permission denied'
refuse "a program that is a directory" '.process.args = ["/etc"]' /etc
refuse "a PATH without the program" '.process.env = ["PATH=/nowhere"]' 'executable file not found in $PATH'
configure '.process.env = []'
check "without PATH the usual directories are searched, as crun does" rt run -b b one
refuse "a cpu period out of range" '.linux.resources.cpu = {quota: 1000, period: 1}' linux.resources.cpu.period
configure .
check_fails "a pid-file in a missing directory" 1 /no/such/dir rt create --bundle b --pid-file /no/such/dir/pid one
assert_nothing_left "nothing is left after a pid-file that cannot be written"
check_fails "a console socket without a terminal" 1 'console' rt create --bundle b --console-socket s one
configure '.process.terminal = true'
check_fails "a terminal without a console socket" 1 'console' rt create --bundle b one
check_fails "a console socket that does not exist" 1 'nosocket' rt create --bundle b --console-socket nosocket one
assert_nothing_left
configure .
printf '#!/no/such/interpreter\n' >b/rootfs/bin/script && chmod 755 b/rootfs/bin/script
configure '.process.args = ["/bin/script"]'
check_fails "an interpreter that is missing is told when the program starts" any 'no such file or directory' rt run -b b one
printf 'no magic' >b/rootfs/bin/script
check_fails "a file that is no program" any '/bin/script' rt run -b b one
rt delete --force one
assert_nothing_left
finish
