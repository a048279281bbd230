#!/bin/bash
# The README's five-minute tour, typed as it stands there.
#
#   readme_tour.sh [BUILD_DIRECTORY]
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${OCI_BUILD:-$here/../../build/test}}
source=${OCI_SOURCE:-$here/../..}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
mount -t tmpfs tmpfs /run # where the default state root is

tour=$test_dir/tour.sh
# The programs are those of this build, and the tour's directory is in the sandbox.
{
    printf 'set -eu\nPATH=%q:$PATH\n' "$build"
    awk '/^## Five minutes/ { on = 1 } /^## More/ { on = 0 }
         on && /^```sh/ { inside = 1; next } /^```/ { inside = 0 } on && inside' "$source/README.md" |
        grep -v '^export PATH=' | sed "s#/tmp/tour#$test_dir/tour#g"
} >"$tour"
# A tour that fails halfway may leave its container frozen, which nothing can kill.
trap '"$build/ocirun" resume second >/dev/null 2>&1; "$build/ocirun" delete --force second >/dev/null 2>&1' EXIT

shows() {
    grep -Eq -- "$1" "$test_dir/printed" && return 0
    echo "no line like $1 in:"
    cat "$test_dir/printed"
    return 1
}
type_it() { timeout --kill-after=10 120 bash "$tour" >"$test_dir/printed" 2>"$test_dir/errors" || { tail "$test_dir/errors"; return 1; }; }

check "the tour has commands of both programs" grep -q '^ocimg unpack' "$tour"
check "every command of the tour succeeds" type_it
check "inspect shows the command" shows 'Command: .*says hello'
check "run prints what the container says" shows '^process 1 says hello$'
check "plan names the places in config.json" shows '<- process\.args$'
check "list shows the detached container running" shows '^second +[0-9]+ +running '
check "exec shows its only process" shows '^ +1 .* sleep 1000$'
check_output "no container is left" '' "$build/ocirun" list --quiet
finish
