#!/bin/bash
# The twenty most common mistakes as a person meets them: what Docker, Podman, ctr and the bare runtime print.
#
#   errors.sh [BUILD_DIRECTORY]           each of ocirun's messages must say what tests/support/error_cases.sh asks for
#   errors.sh --write [BUILD_DIRECTORY]   docs/errors.md, with ocirun and runc side by side
set -u
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" = --write ]; then
    export OCI_TEST_WRITE=${OCI_TEST_WRITE:-$here/../../docs/errors.md}
    shift
fi
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
# shellcheck source=../support/podman.sh
. "$here/../support/podman.sh"
need_docker podman ctr setpriv
if [ "${OCI_TEST_WRITE:-}" ]; then need_programs runc; fi
enter_engine "$@"

# One Engine with both runtimes, and its containerd for ctr.
start_docker docker '.runtimes.runc2 = {"path": "/usr/sbin/runc"}'
podman_stop() { env -u DOCKER_CONFIG podman rm --all --force --time 0 >/dev/null 2>&1; }
install_for_podman
make_engine_root root
mkdir root/scripts
printf '#!/bin/bash\necho hello\n' >root/scripts/bash.sh
printf '#!/bin/sh\r\necho hello\r\n' >root/scripts/windows.sh
printf 'echo hello\n' >root/scripts/none.sh
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0' >root/scripts/arm # the beginning of an ELF header: EM_AARCH64
truncate -s 64 root/scripts/arm
chmod 0755 root/scripts/*
import_docker_image || skip_all "docker import fails"
tar -C root -c . | env -u DOCKER_CONFIG podman import --change CMD=/bin/sh --change ENV=PATH=/bin - busybox >/dev/null 2>&1
dock save busybox -o image.tar
ctr_socket=$work/docker/exec/containerd/containerd.sock
ctr --address "$ctr_socket" --namespace "$engine_cgroup" images import image.tar >/dev/null 2>&1
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["execve", "execveat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}' >noexec.json
mkdir data

# --- engines: COMMAND LINE AS A PERSON TYPES IT, with the name of the runtime put in ---------------
by_docker() { # RUNTIME ARGUMENTS...
    local runtime=$1
    shift
    [ "$runtime" = runc ] && runtime=runc2
    dock run --runtime "$runtime" --rm --network none "$@"
}
by_podman() {
    local runtime=$1
    shift
    timeout 100 env -u DOCKER_CONFIG podman --runtime "$runtime" run --rm --network none --cgroup-parent="/$engine_cgroup" "$@"
}
by_ctr() { # the image's name is "busybox" for people
    local runtime=$1 words=() word
    shift
    for word; do [ "$word" = busybox ] && words+=(docker.io/library/busybox:latest "id$RANDOM") || words+=("$word"); done
    timeout 60 ctr --address "$ctr_socket" --namespace "$engine_cgroup" run --runc-binary "$(path_of "$runtime")" --rm "${words[@]}"
}
path_of() { if [ "$1" = runc ]; then command -v runc; else echo /usr/local/bin/ocirun; fi; }

# --- by hand: a bundle, and what is changed in it --------------------------------------------------
test_cgroup=$engine_cgroup
make_bundle bundle sleep 100
cp -r root/scripts bundle/rootfs/
cp bundle/config.json good.json
bare() { # RUNTIME ARGUMENTS...: the runtime itself
    local runtime=$1
    shift
    timeout -s KILL 60 "$(path_of "$runtime")" --root "$work/state-$runtime" "$@"
}
by_hand() { # RUNTIME FILTER [ARGUMENTS OF RUN]
    local runtime=$1 filter=$2
    shift 2
    jq "$filter" good.json >bundle/config.json
    (cd bundle && bare "$runtime" run "$@" box)
}
broken_json() { sed '0,/"cwd": "\/",/s//"cwd": "\/"/' good.json >bundle/config.json; (cd bundle && bare "$1" run box); }
no_bundle() { (cd data && bare "$1" run box); }
same_id() { by_hand "$1" . --detach >/dev/null && (cd bundle && bare "$1" run box); local code=$?; bare "$1" delete --force box; return $code; }
exec_stopped() { by_hand "$1" '.process.args = ["true"]' --detach >/dev/null; sleep 0.3; bare "$1" exec box ls; local code=$?; bare "$1" delete --force box; return $code; }
without_controller() { # a pure cgroup v2 tree that has no memory controller
    unshare --mount --propagation private -- bash -c "mount -t cgroup2 none /sys/fs/cgroup; $(declare -f by_hand bare path_of); work=$work;
        by_hand $1 '.linux.resources.memory = {limit: 104857600} | del(.linux.resources.devices)'"
}
without_user_namespaces() { # in a user namespace that allows no further ones
    jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings
        | del(.linux.resources, .linux.cgroupsPath)' good.json >bundle/config.json
    unshare --user --map-root-user --mount --propagation private -- bash -c "$(declare -f bare path_of); work=$work; cd bundle;
        echo 0 >/proc/sys/user/max_user_namespaces; bare $1 run box"
}
readonly_root() { # a mount's target is missing and cannot be made
    jq '.mounts += [{destination: "/missing", type: "bind", source: "/etc", options: ["bind"]}]' good.json >bundle/config.json
    unshare --mount --propagation private -- bash -c "$(declare -f bare path_of); work=$work; mount --bind bundle/rootfs bundle/rootfs &&
        mount -o remount,bind,ro bundle/rootfs; cd bundle; bare $1 run box"
}
port_in_use() {
    local runtime=$1
    [ "$runtime" = runc ] && runtime=runc2
    dock run -d --name first -p 127.0.0.1:18080:80 busybox httpd -f -p 80 >/dev/null
    dock run --rm --runtime "$runtime" -p 127.0.0.1:18080:80 busybox httpd -f -p 80
    local code=$?
    dock rm -f first >/dev/null
    return $code
}

# --- the cases -------------------------------------------------------------------------------------
clean() { # what differs from run to run
    tr -d '\r\0' | sed -E "s#$work#/work#g; s#[0-9a-f]{64}#CONTAINER#g; s#$engine_cgroup#parent#g; s#time=\"[^\"]*\"#time=...#g; s#/proc/[0-9]+#/proc/PID#g
        s#id[0-9]{2,5}#ID#g; s#\(pid [0-9]+\)#(pid PID)#g; s#runc2#runc#g; s#[0-9]{4}-[0-9-]{5}T[0-9:.]+Z#TIME#g; /^ID$/d; /error waiting for container: context canceled/d; s#fd:[0-9]+#fd:N#g; s#endpoint [a-z_0-9]+#endpoint NAME#" | grep -v '^$' | head -n 12
}
say() { # RUNTIME FUNCTION ARGUMENTS...: what a person sees on the terminal
    local runtime=$1 function=$2
    shift 2
    "$function" "$runtime" "$@" </dev/null >said 2>&1
    clean <said
}
number=0
case_of() { # TITLE COMMAND-LINE WANTED FUNCTION ARGUMENTS...: WANTED is a pattern that ocirun's message must fit
    local title=$1 line=$2 wanted=$3 text other
    shift 3
    text=$(say ocirun "$@")
    if grep -qE -- "$wanted" <<<"$text"; then
        passed "$title: $line"
    else
        failed "$title: $line" "expected to fit: $wanted" "$text"
    fi
    [ "${OCI_TEST_WRITE:-}" ] || return 0
    other=$(say runc "$@")
    if [ "$title" != "${last_title:-}" ]; then
        number=$((number + 1))
        printf '\n## %d. %s\n' "$number" "$title"
        last_title=$title
    fi >>"$work/errors.md"
    printf '\n`%s`\n\n```text\nrunc:   %s\nocirun: %s\n```\n' "$line" "${other//$'\n'/$'\n'        }" "${text//$'\n'/$'\n'        }" >>"$work/errors.md"
}
three() { # TITLE ARGUMENTS-LINE WANTED ARGUMENTS...: the same through Docker, Podman and ctr
    local title=$1 line=$2 wanted=$3
    shift 3
    case_of "$title" "docker run $line" "$wanted" by_docker "$@"
    case_of "$title" "podman run $line" "$wanted" by_podman "$@"
    case_of "$title" "ctr run $line" "$wanted" by_ctr "$@"
}
. "$here/../support/error_cases.sh"


podman_stop
if [ "${OCI_TEST_WRITE:-}" ] && [ "$tests_failed" -eq 0 ]; then
    { cat "$here/../support/errors_head.md"; printf '\nThe programs of this run: %s; Docker %s, Podman %s, containerd %s.\n' "$(runc --version | head -n 1)" \
        "$(dock version --format '{{.Server.Version}}')" "$(podman --version | cut -d' ' -f3)" "$(containerd --version | cut -d' ' -f3)"
      cat "$work/errors.md"; } >"$OCI_TEST_WRITE"
elif [ "${OCI_TEST_WRITE:-}" ]; then
    cp "$work/errors.md" "$OCI_TEST_WRITE.draft"
fi
finish
