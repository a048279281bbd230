#!/bin/bash
# Installs what building needs, configures and builds: scripts/build.sh [release|test|dev|tidy]
# The programs are in build/PRESET/ then, ocirun and ocimg among them. Default preset: release.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
case "$preset" in
    release) ./scripts/setup.sh ;;
    test | dev | tidy) ./scripts/setup.sh --tests ;;
    *) sed -n '2,3s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

echo "build: cmake --preset $preset && cmake --build --preset $preset"
cmake --preset "$preset"
cmake --build --preset "$preset"
echo "build: ocirun, ocimg and oci-conformance are ready in $PWD/build/$preset"
