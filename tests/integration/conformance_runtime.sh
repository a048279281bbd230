#!/bin/bash
# ocirun held to the runtime specification by oci-conformance, in every view that this machine has.
# RUNTIME=/usr/sbin/runc runs it against another runtime.
set -uo pipefail
OCI_BUILD=${OCI_BUILD:-build/test}
RUNTIME=${RUNTIME:-$OCI_BUILD/ocirun}
here=$(cd "$(dirname "$0")" && pwd)
texts=${OCI_SPEC_TEXTS:-${OCI_SOURCE:-$here/../..}/../shared/spec}

[ "$(id -u)" -eq 0 ] || { echo "skipped: containers need root" && exit 77; }
unshare --mount --pid --fork true 2>/dev/null || { echo "skipped: this machine forbids new namespaces" && exit 77; }
spec=()
if [ -d "$texts" ]; then spec=(--spec "$texts"); fi
# Deviations that are meant: conformance/deviations.md.
exec "$OCI_BUILD/oci-conformance" --runtime "$RUNTIME" --quiet --timeout 60 "${spec[@]}" --except delete/created 2>&1
