# Functions of the tests with Docker Engines. Sourced after engine.sh; a test starts with
#     need_docker
#     enter_engine "$@"
#     start_docker
# and from there on `dock` is the client of an Engine whose default runtime is the one under test.
# shellcheck shell=bash

need_docker() {
    docker=/usr/bin/docker # Debian's; another client may stand before it in PATH
    [ -x "$docker" ] || docker=$(command -v docker || true)
    need_programs dockerd containerd iptables ip curl jq script busybox "$@"
    [ -n "$docker" ] || skip_all "the docker client is not installed"
}

# A runtime that hangs must not hang the test.
dock() { timeout 120 "$docker" --host "unix://$socket" "$@"; }

# start_docker [NAME [JQ FILTER]]: an Engine with its data in $work/NAME; the filter changes its daemon.json,
# which begins as the file that docs/engines/docker.md tells a user to write.
start_docker() {
    local name=${1:-docker} filter=${2:-.} directory
    directory=$work/$name
    mkdir -p "$directory/config"
    socket=$directory/docker.sock
    export DOCKER_CONFIG=$directory/config DOCKER_BUILDKIT=0 COMPOSE_PARALLEL_LIMIT=4
    install_for_docker
    jq --arg directory "$directory" --arg socket "unix://$socket" --arg cgroup "/$engine_cgroup" '. + {
        "data-root": ($directory + "/data"), "exec-root": ($directory + "/exec"), "pidfile": ($directory + "/dockerd.pid"),
        "hosts": [$socket], "exec-opts": ["native.cgroupdriver=cgroupfs"], "cgroup-parent": $cgroup, "dns": ["127.0.0.1"]
      } | '"$filter" "$work/daemon.json" >"$directory/daemon.json" || skip_all "jq cannot write daemon.json"
    dockerd --config-file "$directory/daemon.json" >"$directory/dockerd.log" 2>&1 </dev/null &
    dockerd_pid=$!
    dockerd_pids="${dockerd_pids:-} $dockerd_pid"
    daemon_settled() { dock version || ! kill -0 "$dockerd_pid"; }
    wait_until 120 daemon_settled
    dock version >/dev/null 2>&1 && return 0
    tail -n 15 "$directory/dockerd.log"
    skip_all "dockerd does not start on this machine; the end of its log stands above"
}
stop_engine() {
    local pid
    for pid in ${dockerd_pids:-}; do kill "$pid" 2>/dev/null; done
    for pid in ${dockerd_pids:-}; do wait "$pid" 2>/dev/null; done
    if [ "${OCI_TEST_KEEP_LOG:-}" ]; then cat "$work"/*/dockerd.log >"$OCI_TEST_KEEP_LOG"; fi
}

# The runtime stands where the documented file says; another one than ocirun under the name "tested".
install_for_docker() {
    local file=$here/../../docs/engines/files/daemon.json
    runtime_name=ocirun
    case $(basename "$RUNTIME") in
        ocirun*) cp "$RUNTIME" /usr/local/bin/ocirun && cp "$file" "$work/daemon.json" ;;
        *)
            runtime_name=tested
            jq --arg path "$RUNTIME" '.runtimes = {tested: {path: $path}} | ."default-runtime" = "tested"' "$file" >"$work/daemon.json"
            ;;
    esac
}

import_docker_image() { # [NAME]
    [ -d "$work/root" ] || make_engine_root "$work/root"
    tar -C "$work/root" -c . | dock import --change 'CMD ["/bin/sh"]' --change 'ENV PATH=/bin' - "${1:-busybox}" >/dev/null
}

state_is() { [ "$(dock inspect --format '{{.State.Status}}' "$1")" = "$2" ]; }
reaches() { wait_until 30 state_is "$1" "$2"; }
cgroup_value() { # CONTAINER V1_CONTROLLER/V1_FILE V2_FILE, as seen from the host
    cgroup_files "$engine_cgroup/$(dock inspect --format '{{.Id}}' "$1")" "$2" "$3"
}
