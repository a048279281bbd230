#!/bin/bash
# Runs the runtime's central integration tests on a kernel that lacks a system call, or CLONE_INTO_CGROUP.
# Usage: run_without.sh CALL [TEST...]
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${OCI_BUILD:?the build directory}
call=$1
shift
[ $# -gt 0 ] || set -- lifecycle rootfs namespaces process cgroup terminal self_protection
[ "$(id -u)" -eq 0 ] || { echo "skipped: containers of this test need root" && exit 77; }
# The flag is used on the unified tree alone.
[ "$call" != CLONE_INTO_CGROUP ] || export OCI_TEST_CGROUPS=v2
status=0
for test in "$@"; do
    echo "--- $test without $call"
    [ "$test" != cgroup ] || unset OCI_TEST_CGROUPS # it chooses its views itself
    OCI_TEST_WITHOUT=$call "$build/tests/without_calls" "$call" bash "$here/../integration/ocirun_$test.sh"
    code=$?
    [ $code -eq 0 ] || [ $code -eq 77 ] || { echo "not ok - $test without $call: exit code $code" && status=1; }
done
exit $status
