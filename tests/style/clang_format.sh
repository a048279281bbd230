#!/bin/bash
# Every C++ file is formatted as .clang-format says. Usage: clang_format.sh PROJECT_ROOT
set -u
command -v clang-format >/dev/null || { echo "skipped: clang-format is not installed"; exit 77; }
cd "${1:?usage: clang_format.sh PROJECT_ROOT}" || exit 1
find base spec runtime imagetool conformance tests -path tests/style/bad -prune -o \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
    xargs -0 -n 20 -P 2 clang-format --dry-run -Werror
