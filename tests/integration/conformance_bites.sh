#!/bin/bash
# The conformance suite bites: a runtime with one defect fails the cases of that defect, and no other of those that
# are asked. The defects are those of tests/support/broken_runtime.cpp; each line names one and the cases it breaks.
# Each is asked for its own cases and for those of the two lines below it.
set -uo pipefail
OCI_BUILD=${OCI_BUILD:-build/test}
RUNTIME=${RUNTIME:-$OCI_BUILD/ocirun}
OCI_BUILD=$(cd "$OCI_BUILD" && pwd)
RUNTIME=$(cd "$(dirname "$RUNTIME")" && pwd)/$(basename "$RUNTIME")

[ "$(id -u)" -eq 0 ] || { echo "skipped: containers need root" && exit 77; }
unshare --mount --pid --fork true 2>/dev/null || { echo "skipped: this machine forbids new namespaces" && exit 77; }

defects='
args                process/args process/args-search-path
env                 process/env
cwd                 process/cwd
uid                 process/user
gid                 process/user
additional-gids     process/user-additional-gids
umask               process/user-umask
rlimits             process/rlimits process/rlimits-unknown process/rlimits-duplicate process/rlimits-soft-above-hard
no-new-privileges   process/no-new-privileges
oom-score-adj       process/oom-score-adj
scheduler           scheduler/policy-and-nice scheduler/idle scheduler/reset-on-fork scheduler/unknown-policy scheduler/without-policy
io-priority         io-priority/class-and-level io-priority/unknown-class
bounding            capabilities/bounding capabilities/of-a-user capabilities/unknown capabilities/ambient capabilities/inheritable
ambient             capabilities/ambient
inheritable         capabilities/inheritable
root-readonly       root/readonly
hostname            hostname/set
domainname          domainname/set
sysctl              sysctl/set sysctl/unknown
masked-paths        paths/masked paths/masked-relative
readonly-paths      paths/readonly paths/readonly-relative
devices             devices/added devices/fifo devices/outside-of-dev devices/existing-file
device-mode         devices/added
personality         personality/linux32 personality/unknown personality/without-domain
time-offsets        namespaces/time-offsets
propagation         root/propagation-shared root/propagation-unbindable root/propagation-unknown
seccomp             seccomp/errno seccomp/errno-ret seccomp/kill-process seccomp/arg-equal seccomp/arg-greater seccomp/arg-less seccomp/errno-for-kill seccomp/unknown-action
seccomp-args        seccomp/arg-equal seccomp/arg-less seccomp/arg-greater
seccomp-errno       seccomp/errno-ret seccomp/errno-for-kill
uid-mappings        namespaces/user-mappings
memory-limit        cgroup/memory
cpu                 cgroup/cpu cgroup/cpuset
pids                cgroup/pids
device-rules        cgroup/devices-denied
cgroups-path        cgroup/absolute-path cgroup/relative-path
annotations         state/annotations annotations/not-strings annotations/not-a-map annotations/empty-key
prestart            hooks/prestart-fails hooks/timeout hooks/relative-path
create-runtime      hooks/createRuntime-fails hooks/missing-path
create-container    hooks/createContainer-fails hooks/before-pivot-root
start-container     hooks/startContainer-fails
poststart           hooks/poststart-fails
poststop            hooks/poststop-fails
hook-args           hooks/args-and-env
hook-env            hooks/args-and-env
mount-options       mount-options/ro mount-options/nosuid mount-options/remount
mount-4             mount-options/remount
namespace-ipc       namespaces/new-ipc
namespace-network   namespaces/new-network
namespace-pid       namespaces/new-pid
'
mapfile -t lines < <(printf '%s' "$defects" | sed '/^$/d')
count=${#lines[@]}
work=$(mktemp -d "${TMPDIR:-/tmp}/oci-bites.XXXXXX")
trap 'rm -rf "$work"' EXIT
export OCI_REAL_RUNTIME=$RUNTIME
failed=0
skipped=0
for ((i = 0; i < count; ++i)); do
    read -r defect expected <<<"${lines[i]}"
    select=()
    for ((k = 0; k < 3; ++k)); do
        read -r _ cases <<<"${lines[(i + k) % count]}"
        for name in $cases; do select+=(--select "$name"); done
    done
    OCI_BREAK=$defect "$OCI_BUILD/oci-conformance" --runtime "$OCI_BUILD/tests/broken_runtime" --profile runc \
        --views as-mounted --quiet --timeout 60 --json "$work/result.json" "${select[@]}" >"$work/log" 2>&1 </dev/null
    jq -r '.reports[].results[] | select(.status == "failed") | .name' "$work/result.json" | sort -u >"$work/broke"
    jq -r '.reports[].results[] | select(.status == "skipped") | .name' "$work/result.json" | sort -u >"$work/skipped"
    # A case that this machine cannot run cannot fail.
    printf '%s\n' $expected | sort -u | comm -23 - "$work/skipped" >"$work/expected"
    if [ ! -s "$work/expected" ]; then
        skipped=$((skipped + 1))
        echo "skip   - $defect: its cases cannot run here"
    elif cmp -s "$work/expected" "$work/broke"; then
        echo "ok     - $defect breaks $(tr '\n' ' ' <"$work/expected")"
    else
        failed=$((failed + 1))
        echo "not ok - $defect"
        echo "         expected to fail: $(tr '\n' ' ' <"$work/expected")"
        echo "         failed:           $(tr '\n' ' ' <"$work/broke")"
    fi
done
echo "$((count - failed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
