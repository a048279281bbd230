#!/bin/bash
# Every MUST of the image specification, and what `ocimg validate` says about a layout that breaks it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1
python3 "$here/../support/layout_rules.py" "$ocimg" "$here/../../conformance/requirements/image-spec"
