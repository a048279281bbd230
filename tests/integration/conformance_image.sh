#!/bin/bash
# ocimg held to the image specification by oci-conformance: layouts good and bad, unpacked and copied.
# IMAGE_TOOL=umoci runs it against another tool.
set -uo pipefail
OCI_BUILD=${OCI_BUILD:-build/test}
IMAGE_TOOL=${IMAGE_TOOL:-$OCI_BUILD/ocimg}
here=$(cd "$(dirname "$0")" && pwd)
texts=${OCI_SPEC_TEXTS:-${OCI_SOURCE:-$here/../..}/../shared/spec}

[ "$(id -u)" -eq 0 ] || { echo "skipped: unpacking needs root" && exit 77; }
unshare --mount --pid --fork true 2>/dev/null || { echo "skipped: this machine forbids new namespaces" && exit 77; }
spec=()
if [ -d "$texts" ]; then spec=(--spec "$texts"); fi
exec "$OCI_BUILD/oci-conformance" --image-tool "$IMAGE_TOOL" --quiet --timeout 60 "${spec[@]}" 2>&1
