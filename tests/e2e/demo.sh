#!/bin/bash
# The demo of the README, twice: the first run ends in a running container, the second has nothing to build.
#
#   demo.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
source=${OCI_SOURCE:-$here/../..}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"

[ "$(id -u)" -eq 0 ] || skip_all "the demo starts a container, which needs root"
unshare --mount --pid --fork true 2>/dev/null || skip_all "this machine forbids new namespaces"
work=$(mktemp -d "${TMPDIR:-/tmp}/oci-demo.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
test_captures=$work/captures
mkdir "$test_captures"

demo() { # LOG
    unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
        "$source/scripts/demo.sh" "$work/demo" >"$1" 2>&1 </dev/null && return 0
    tail -n 40 "$1"
    return 1
}
shows() { # LOG PATTERN
    grep -Eq -- "$2" "$1" && return 0
    printf 'no line like %s in:\n' "$2"
    tail -n 40 "$1"
    return 1
}
hello='^Hello from .+, process 1 of this container, running as root$'

check "the demo succeeds" demo "$work/first"
check "it says hello from inside the container" shows "$work/first" "$hello"
check "it shows the command that makes the image" shows "$work/first" '^\$ ocimg new --image image:latest$'
check "it shows the command that unpacks it" shows "$work/first" '^\$ ocimg unpack --image image:latest bundle$'
check "it shows the command that runs it" shows "$work/first" '^\$ ocirun .*run --bundle bundle demo-[0-9]+$'
check "the demo succeeds again" demo "$work/second"
check "it says hello again" shows "$work/second" "$hello"
check "the second run has nothing to install" shows "$work/second" '^setup: every package of .* is installed$'
check "the second run has nothing to build" shows "$work/second" 'no work to do'

mkdir "$work/precious"
echo mine >"$work/precious/file"
refuses_a_foreign_directory() {
    ! "$source/scripts/demo.sh" "$work/precious" >"$work/third" 2>&1 </dev/null && [ -e "$work/precious/file" ] &&
        [ "$(ls -A "$work/precious")" = file ] && shows "$work/third" 'is not a directory of an earlier demo'
}
check "a directory that is not the demo's is left alone" refuses_a_foreign_directory
container_is_gone() { [ -z "$(ls -A "$work/demo/state" 2>/dev/null)" ]; }
check "no container is left" container_is_gone
finish
