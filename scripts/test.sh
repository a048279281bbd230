#!/bin/bash
# Installs what the tests need, builds, and runs the tests; the last line is the count.
#
#   scripts/test.sh [LEVEL] [-- CTEST_ARGUMENTS...]
#     (none)       unit, style, integration and end-to-end tests
#     --quick      unit and style tests only
#     --sanitize   unit and integration tests under AddressSanitizer and UndefinedBehaviorSanitizer
#     --tidy       compile everything with clang and clang-tidy (no test is run)
#     --full       all of the above, one after the other
#
# What cannot run on this machine is skipped, and named with its reason at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,11s/^# \{0,1\}//p' "$0"; }
level=normal
case "${1:-}" in
    --quick | --sanitize | --tidy | --full) level=${1#--}; shift ;;
    --help) usage; exit 0 ;;
    '' | --) ;;
    *) echo "test: unknown option $1" >&2; usage >&2; exit 2 ;;
esac
if [ "${1:-}" = -- ]; then shift; fi

# Prints every test, or part of one, that skipped itself, with the reason it gave. The input is
# CTest's own log: "3/17 Testing: NAME", then all the test printed, then its result. GoogleTest
# prints "FILE:LINE: Skipped" and the reason; the shell tests print a line that begins with "skip".
name_what_was_skipped() {
    awk '
        / Testing: / && /^[0-9]+\/[0-9]+ / { name = $3; next }
        gtest_reason { note("  " name ": " $0); gtest_reason = 0; next }
        /: Skipped$/ { gtest_reason = 1; next }
        /^skip(ped:| +- )/ { note("  " name ": " $0) }
        function note(line) { if (!times[line]++) lines[++count] = line }
        END { for (i = 1; i <= count; ++i) print lines[i] (times[lines[i]] > 1 ? " (" times[lines[i]] " tests)" : "") }
    ' "$1"
}

# run_tests PRESET CTEST_ARGUMENTS...: builds one preset and runs its tests.
run_tests() {
    local preset=$1 status=0 skipped
    shift
    cmake --preset "$preset"
    cmake --build --preset "$preset" -- -j "${OCI_BUILD_JOBS:-$(nproc)}"
    echo "test: ctest --test-dir build/$preset $*"
    ctest --test-dir "build/$preset" -j2 --output-on-failure --no-tests=error "$@" \
        </dev/null 2>&1 | tee "build/$preset/test-output.txt" || status=1
    skipped=$(name_what_was_skipped "build/$preset/Testing/Temporary/LastTest.log")
    if [ -n "$skipped" ]; then
        printf '\nNot run on this machine, and why:\n%s\n' "$skipped"
    fi
    # The count once more, so that the last line says it all.
    printf '\n%s: ' "$preset"
    grep -E '^[0-9]+% tests passed' "build/$preset/test-output.txt" || echo 'ctest gave no count'
    return $status
}

# Warnings and findings of clang are errors in this preset; there is nothing to run.
tidy() {
    cmake --preset tidy
    cmake --build --preset tidy -- -j "${OCI_BUILD_JOBS:-$(nproc)}"
    echo 'tidy: clang and clang-tidy have no complaint'
}

./scripts/setup.sh --tests
# Leak detection stops threads with ptrace and cannot work inside the tests' pid namespaces.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
case "$level" in
    normal) run_tests test "$@" ;;
    quick) run_tests test -L 'unit|style' "$@" ;;
    sanitize) run_tests dev -L 'unit|integration' "$@" ;;
    tidy) tidy ;;
    full)
        status=0
        tidy || status=1
        run_tests dev -L 'unit|integration' "$@" || status=1
        run_tests test "$@" || status=1
        exit $status
        ;;
esac
