# Functions of the tests with containerd. Sourced after engine.sh; a test starts with
#     need_programs containerd ctr ...
#     enter_engine "$@"
#     start_containerd
# and from there on `ctrd` is ctr with the daemon of the test and a namespace of its own.
# shellcheck shell=bash

# The configuration is the file that docs/engines/containerd.md tells a user to write.
start_containerd() {
    runtime_name=$(basename "$RUNTIME")
    socket=/run/containerd/containerd.sock
    mkdir -p /etc/containerd /etc/cni/net.d /run/containerd
    cp "$here/../../docs/engines/files/containerd-config.toml" /etc/containerd/config.toml
    cp "$here/../../docs/engines/files/10-bridge.conflist" /etc/cni/net.d/
    case $runtime_name in
        ocirun*) cp "$RUNTIME" /usr/local/bin/ocirun ;;
        *) sed -i "s|/usr/local/bin/ocirun|$RUNTIME|" /etc/containerd/config.toml ;;
    esac
    if ! has_sys_resource; then
        sed -i 's/#restrict_oom_score_adj/restrict_oom_score_adj/' /etc/containerd/config.toml
    fi
    launch_containerd
    wait_until 60 ctrd_settled
    ctrd version >/dev/null 2>&1 && return 0
    tail -n 15 "$work/containerd.log"
    skip_all "containerd does not start on this machine; the end of its log stands above"
}
launch_containerd() {
    containerd --config /etc/containerd/config.toml --root "$work/containerd" --state /run/containerd --address "$socket" \
        >>"$work/containerd.log" 2>&1 </dev/null &
    containerd_pid=$!
}
ctrd_settled() { ctrd version || ! kill -0 "$containerd_pid"; }
has_sys_resource() { [ $((0x$(awk '/^CapBnd/ { print $2 }' /proc/self/status) >> 24 & 1)) -eq 1 ]; }
# The namespace is the parent of the cgroups that ctr asks for.
ctrd() { timeout 100 ctr --address "$socket" --namespace "$engine_cgroup" "$@"; }
stop_engine() {
    kill "$containerd_pid" 2>/dev/null
    wait "$containerd_pid" 2>/dev/null
    if [ "${OCI_TEST_KEEP_LOG:-}" ]; then cp "$work/containerd.log" "$OCI_TEST_KEEP_LOG"; fi
}

# make_archive NAME REFERENCE [FILES [CMD...]]: an OCI archive by ocimg, made of a directory.
make_archive() {
    local name=$1 reference=$2 files=$3 word words=()
    shift 3
    for word; do words+=(--cmd "$word"); done
    "$OCI_BUILD/ocimg" new --image "$name-layout:latest" && "$OCI_BUILD/ocimg" append --image "$name-layout:latest" "$files" &&
        "$OCI_BUILD/ocimg" config --image "$name-layout:latest" --env PATH=/bin "${words[@]}" &&
        "$OCI_BUILD/ocimg" copy --progress none "$name-layout:latest" "oci-archive:$name.tar:$reference"
}
