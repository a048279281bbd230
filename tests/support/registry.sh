# Functions of the tests with registries: a network of the test's own, real registries, certificates.
# Sourced after shell_test.sh. A test starts with
#     enter_network "$@"
# and from there on runs as process 1 of private mount, pid and network namespaces: the only network is the
# loopback, every port is free, and no registry outlives the test. $test_dir is a private tmpfs.
# shellcheck shell=bash

enter_network() { # ARGUMENTS OF THE SCRIPT...: does not return outside of the namespaces
    if [ "${OCI_TEST_INSIDE:-}" != network ]; then
        [ "$(id -u)" -eq 0 ] || skip_all "a network namespace needs root"
        unshare --mount --pid --fork --net true 2>/dev/null || skip_all "this machine forbids new namespaces"
        export OCI_TEST_INSIDE=network
        exec unshare --mount --pid --fork --kill-child --mount-proc --net --propagation private -- bash "$0" "$@"
    fi
    ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
    test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
    mount -t tmpfs -o mode=0755 tmpfs "$test_dir" || skip_all "no tmpfs can be mounted"
    ip link set lo up
    trap 'umount -l "$test_dir"; rmdir "$test_dir"' EXIT
    cd "$test_dir" || exit 1
    mkdir home run
    # Nothing of this machine's configuration counts.
    export HOME=$test_dir/home XDG_RUNTIME_DIR=$test_dir/run OCIMG_STORE=$test_dir/store TMPDIR=$test_dir
    export CONTAINERS_REGISTRIES_CONF=$test_dir/registries.conf
    unset XDG_CONFIG_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
    : >"$CONTAINERS_REGISTRIES_CONF"
}

enter_own_network() { # ARGUMENTS OF THE SCRIPT...: only a network namespace, before enter_sandbox; with lo up
    if [ "${OCI_TEST_NETWORK:-}" != "$0" ]; then
        [ "$(id -u)" -eq 0 ] || skip_all "a network namespace needs root"
        unshare --net true 2>/dev/null || skip_all "this machine forbids new namespaces"
        OCI_TEST_NETWORK=$0 exec unshare --net -- bash "$0" "$@"
    fi
    ip link set lo up
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_registry() { # NAME PORT [YAML BELOW "http:"] [YAML AT THE TOP]: a registry on 127.0.0.1:PORT with data in NAME
    local name=$1 port=$2
    cat >"$name.yml" <<YAML
version: 0.1
log: {level: error, accesslog: {disabled: false}}
storage:
  filesystem: {rootdirectory: $test_dir/$name}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:$port
${3:-}
${4:-}
YAML
    docker-registry serve "$name.yml" >"$name.log" 2>&1 </dev/null &
    registry_pid=$!
    wait_until 20 port_answers "$port" || { failed "registry $name starts" "$(tail -5 "$name.log")"; finish; }
}

make_certificates() { # DIRECTORY: ca.crt, server.crt and .key for localhost, 127.0.0.1 and Docker Hub, client.cert and .key
    mkdir -p "$1"
    (
        cd "$1" || exit 1
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt
        for name in server client; do
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout $name.key -out $name.csr
            openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out $name.crt \
                -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:registry-1.docker.io,DNS:auth.docker.io")
        done
        mv client.crt client.cert
    ) >/dev/null 2>&1
}

make_image() { # LAYOUT:TAG [PLATFORM]: two small layers with random content and a config
    local files
    files=$(mktemp -d)
    echo "$1 ${2:-}" >"$files/name"
    head -c "${OCI_TEST_LAYER_SIZE:-200000}" /dev/urandom >"$files/random"
    "$ocimg" new --image "$1" --platform "${2:-linux/amd64}" &&
        "$ocimg" append --image "$1" "$files" && echo more >"$files/more" && "$ocimg" append --image "$1" "$files" &&
        "$ocimg" config --image "$1" --cmd /name
    rm -r "$files"
}

digest_of() { # LAYOUT TAG: what index.json has under the tag
    jq -r --arg tag "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag) | .digest' "$1/index.json"
}
remote_digest() { # HOST/NAME TAG-OR-DIGEST [CURL OPTIONS...]: the digest of what the registry serves
    local host=${1%%/*} name=${1#*/} reference=$2
    shift 2
    curl -sf "$@" -H 'Accept: application/vnd.oci.image.index.v1+json' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
        -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
        -H 'Accept: application/vnd.docker.distribution.manifest.list.v2+json' "http://$host/v2/$name/manifests/$reference" |
        sha256sum | sed 's/^/sha256:/; s/ .*//'
}
