#!/bin/bash
# validate and info: what is wrong with a configuration, and what a host and a bundle lack. As an ordinary user.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "no other runtime has these commands"

cp "$RUNTIME" ocirun && chmod 755 ocirun "$test_dir"
plain() { setpriv --reuid 65534 --regid 65534 --clear-groups ./ocirun "$@"; }
make_bundle b
chmod -R a+rX b

# --- validate ------------------------------------------------------------------------------------------
check_output "a valid configuration" 'b/config.json: valid' plain validate -b b
check_output "as JSON" 'true 0' bash -c './ocirun validate --json b/config.json | jq -r "\"\(.valid) \(.findings | length)\""'
jq '.ociVersion = "2.0.0" | .process.cwd = "relative" | .process.rlimits[0].type = "RLIMIT_NONE" | del(.root)
  | .linux.namespaces += [{type: "pid"}] | .hooks = {prestart: [{path: "relative"}]}
  | .linux.resources.memory = {swappiness: 101}' b/config.json >bad.json
chmod a+r bad.json
check_exit "a configuration with findings" 1 plain validate bad.json
cp "$test_out" findings
for path in ociVersion process.cwd 'process.rlimits\[0\].type' root 'linux.namespaces\[' 'hooks.prestart\[0\].path' linux.resources.memory.swappiness; do
    check_match "finds $path, with position and section" "^bad.json:[0-9]+:[0-9]+: $path.*\(config(-linux)?.md " cat findings
done
findings_json() { plain validate --json bad.json | jq -e '(.valid | not) and (.findings | length == 7) and all(.findings[]; .line > 0 and .path and .found and (.section | startswith("config")))'; }
check "the same as JSON" findings_json
check_fails "no JSON" 1 'standard input:1:' bash -c 'echo "{\"ociVersion\": }" | ./ocirun validate -'
check_exit "wrong types are findings too" 1 bash -c 'echo "{\"ociVersion\": 1, \"process\": []}" | ./ocirun validate -'
cp "$test_out" types
check_match "each of them" 'standard input:1:[0-9]+: process: ' cat types
check_fails "an absent file" 1 'no such file' plain validate absent.json

# --- info ----------------------------------------------------------------------------------------------
check_match "info tells the kernel" '^kernel +yes +Linux ' plain info
check_match "and the cgroups" '^cgroups +(yes|partly|no) ' plain info
check "as JSON" bash -c './ocirun info -f json | jq -e ".host | all(.name and (.support | IN(\"yes\", \"partly\", \"no\")) and .text)"'
check_match "a bundle that would start" 'nothing was found' rt info -b b
edit_config b --arg dir "$test_dir" '.process.args = ["no-such-program"] | .mounts += [{destination: "/x", type: "bind", source: ($dir + "/absent"), options: ["bind"]}]
  | .hooks = {poststop: [{path: "/no/such/hook"}]} | .linux.namespaces += [{type: "network", path: "/no/such/netns"}]'
check_exit "a bundle that would not" 1 rt info -b b
cp "$test_out" report
check_match "names the program" 'process.args\[0\]: "no-such-program": executable file not found in \$PATH' cat report
check_match "the source of a bind" 'mounts\[6\].source: .*/absent is not there' cat report
check_match "a hook" 'hooks.poststop\[0\].path: /no/such/hook' cat report
check_match "a namespace" '/no/such/netns is not there' cat report
check_exit "a user without root is told" 1 plain info -b b
cp "$test_out" plainly
check_match "what is missing" 'an ordinary user needs an entry of type "user"' cat plainly
check_not "nothing was changed" test -e "$state_root"
assert_nothing_left
finish
