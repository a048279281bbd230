#!/bin/bash
# The annotation ocirun.landlock: Landlock rules of the process, as the open proposal for config.json has them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
"$RUNTIME" info --format json 2>/dev/null | grep -q . || true

make_bundle b
mkdir b/rootfs/work b/rootfs/secret
echo hidden >b/rootfs/secret/file
chmod 777 b/rootfs/work
cp b/config.json base.json
confined() { # RULES ARGS...
    local rules=$1
    shift
    jq --arg rules "$rules" '.annotations["ocirun.landlock"] = $rules | .process.args = $ARGS.positional' <base.json --args -- "$@" >b/config.json
}
run_confined() { confined "$@" && rt run -b b one; }
rules='{"ruleset": {"handledAccessFS": ["execute", "write_file", "read_file", "make_reg", "remove_file", "truncate"]},
  "rules": {"pathBeneath": [
    {"allowedAccess": ["execute", "read_file"], "paths": ["/bin", "/proc"]},
    {"allowedAccess": ["write_file", "read_file", "make_reg", "truncate"], "paths": ["/work"]},
    {"allowedAccess": ["write_file", "read_file"], "paths": ["/dev/null"]}]}}'
strict=$(jq -c '.disableBestEffort = true' <<<"$rules")

check_fails "a word that is no access" 1 'annotations: ocirun.landlock: ruleset.handledAccessFS[0]: unknown access "fly"' \
    run_confined '{"ruleset": {"handledAccessFS": ["fly"]}}' true
check_fails "a rule for what is not handled" 1 'allows what ruleset.handledAccessFS does not handle' \
    run_confined '{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": [{"allowedAccess": ["read_file"], "paths": ["/"]}]}}' true
check_fails "a relative path" 1 'pathBeneath[0].paths[0]: must be an absolute path' \
    run_confined '{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": [{"allowedAccess": ["execute"], "paths": ["bin"]}]}}' true
check_fails "text that is no JSON" 1 'annotations: ocirun.landlock' run_confined '{' true
check_fails "no ruleset" 1 'ruleset' run_confined '{}' true
confined "$rules" true
check_match "plan shows it" 'Landlock' rt plan --bundle b
check_match "features lists the annotation" 'ocirun.landlock' rt features

run_confined "$strict" true >/dev/null 2>probe
if grep -q 'has no Landlock' probe; then
    skip "what Landlock forbids" "this kernel has none: $(cat probe)"
    check "best effort goes on without it" run_confined "$rules" true
else
    check_output "what is allowed works" "written" run_confined "$rules" sh -c 'echo written >/work/a && cat /work/a'
    check_fails "reading elsewhere is forbidden, to root too" any "Permission denied" run_confined "$rules" cat /secret/file
    check_fails "writing elsewhere" any "ermission denied" run_confined "$rules" sh -c 'echo x >/secret/new'
    check_fails "removing even where writing is allowed" any "Permission denied" run_confined "$rules" rm /work/a
    check_fails "a path that is not there" 1 "rules.pathBeneath[0]: open /nowhere: no such file or directory" \
        run_confined '{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": [{"allowedAccess": ["execute"], "paths": ["/nowhere"]}]}}' true
    check_fails "a program that may not be executed" any "permission denied" \
        run_confined '{"ruleset": {"handledAccessFS": ["execute"]}, "rules": {"pathBeneath": [{"allowedAccess": ["execute"], "paths": ["/work"]}]}}' true
    confined "$rules" sleep 1000
    rt run --detach -b b one
    check_fails "exec is confined as well" any "Permission denied" rt exec one cat /secret/file
    rt delete --force one
    edit_config b '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
    set_args b cat /secret/file
    check_fails "without no_new_privs and as another user" any "Permission denied" rt run -b b one
fi
assert_nothing_left
finish
