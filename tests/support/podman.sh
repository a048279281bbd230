# Functions of the tests with Podman and Buildah. Sourced after engine.sh, inside of the namespaces.
# shellcheck shell=bash

# The runtime under its own name: as a new user installs it, with the drop-in that docs/engines/podman.md names.
install_for_podman() {
    runtime_name=$(basename "$RUNTIME")
    case $runtime_name in
        ocirun*) runtime_name=ocirun ;; # a build may have added something
    esac
    cp "$RUNTIME" "/usr/local/bin/$runtime_name"
    mkdir -p /etc/containers/containers.conf.d
    cp "$here/../../docs/engines/files/containers-ocirun.conf" /etc/containers/containers.conf.d/ocirun.conf
    # Of this machine, not of ocirun: without CAP_SYS_RESOURCE no limit can be raised, and no journal runs.
    cat >/etc/containers/containers.conf.d/test.conf <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(ulimit -Hu | sed s/unlimited/-1/):$(ulimit -Hu | sed s/unlimited/-1/)"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
no_pivot_root = false
CONF
    printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >/etc/containers/policy.json
    printf '[storage]\ndriver = "%s"\nrunroot = "/run/storage"\ngraphroot = "%s"\n' "${OCI_TEST_STORAGE:-overlay}" "$work/storage" >/etc/containers/storage.conf
    # Healthchecks without systemd's timers; only `podman healthcheck run` asks then.
    export DISABLE_HC_SYSTEMD=true TMPDIR=$work
}
