#!/bin/bash
# Sixty-four Dockerfiles, each about one feature of the language, built by ocimg, by Buildah and by Docker's classic
# builder, all three with ocirun: trees and configurations are compared. Every difference is explained in
# build_compare.differences; one without an explanation fails, and so does an explanation without a difference.
#
#   build_compare.sh [BUILD_DIRECTORY]
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
need_docker buildah python3
enter_engine "$@"
ocimg=$(realpath "$OCI_BUILD/ocimg")
export OCIMG_STORE=$work/store OCIMG_CACHE=$work/cache CONTAINERS_REGISTRIES_CONF=$work/registries.conf TMPDIR=$work
export BUILDAH_ISOLATION=oci REGISTRY_AUTH_FILE=$work/auth.json
echo '{}' >"$REGISTRY_AUTH_FILE"
unset SOURCE_DATE_EPOCH
printf 'unqualified-search-registries = ["docker.io"]\n[[registry]]\nlocation = "docker.io"\nblocked = true\n' >"$CONTAINERS_REGISTRIES_CONF"
mkdir -p /etc/containers
printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >/etc/containers/policy.json
bah() { timeout 100 buildah --root "$work/buildah" --runroot "$work/buildah-run" --storage-driver overlay "$@"; }

# --- base images and context ---------------------------------------------------------------------------------

mkdir -p root/bin root/etc root/tmp other context/dir/b
cp "$(command -v busybox)" root/bin/busybox
for applet in sh cat chmod chown cp echo id ln ls mkdir mkfifo pwd rm test true; do ln -s busybox "root/bin/$applet"; done
printf 'root:x:0:0::/root:/bin/sh\nbob:x:1001:1002::/home/bob:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\nbob:x:1002:\naudio:x:29:bob\n' >root/etc/group
chmod 1777 root/tmp
echo only >other/only-here
echo content >context/file
printf '#!/bin/sh\n' >context/script.sh && chmod 755 context/script.sh
echo a >context/dir/a && echo c >context/dir/b/c && echo log >context/dir/x.log && ln -s a context/dir/inside
ln -s file context/link
echo spaces >'context/with space'
printf '*.log\n**/*.log\nignored\n' >context/.dockerignore
echo ignored >context/ignored
mkdir -p packed/inner && echo packed >packed/inner/file && chown -R 11:12 packed && tar -czf context/archive.tar.gz -C packed .
make_bases() {
    "$ocimg" new base:1 && "$ocimg" append base:1 root && "$ocimg" config base:1 --env PATH=/bin --cmd /bin/sh &&
        "$ocimg" new other:1 && "$ocimg" append other:1 other || return 1
    local image
    for image in base:1 other:1; do
        "$ocimg" copy "$image" "docker-archive:$work/${image%:*}.tar:$image" && dock load --quiet -i "${image%:*}.tar" &&
            bah pull --quiet "docker-archive:$work/${image%:*}.tar" || return 1
    done
}
start_docker
check "base images for all three" make_bases
if [ "$tests_failed" -gt 0 ]; then finish; fi

# --- building --------------------------------------------------------------------------------------------------

options=(--build-arg GIVEN=from-outside --build-arg TWO=two)
by_ocimg() { # DOCKERFILE OUT
    "$ocimg" build --progress plain --runtime "$RUNTIME" "${options[@]}" -f "$1" -t "result:1" context >log 2>&1 &&
        "$ocimg" unpack result:1 "$2" >/dev/null 2>&1 && "$ocimg" inspect result:1 --json | jq .config >"$2.json"
}
by_buildah() {
    bah bud --pull-never --quiet --runtime "$RUNTIME" --network host "${options[@]}" --build-arg TARGETARCH=amd64 -f "$1" -t result:1 context >log 2>&1 &&
        bah push --quiet result:1 "oci:$work/buildah-out:1" >>log 2>&1 &&
        "$ocimg" unpack --image "$work/buildah-out:1" "$2" >/dev/null 2>&1 && "$ocimg" inspect --image "$work/buildah-out:1" --json | jq .config >"$2.json"
}
by_docker() {
    dock build --force-rm --quiet --network host "${options[@]}" -f "$1" -t result:1 context >log 2>&1 && dock save -o docker-out.tar result:1 &&
        "$ocimg" unpack "docker-archive:$work/docker-out.tar" "$2" >/dev/null 2>&1 && "$ocimg" inspect "docker-archive:$work/docker-out.tar" --json | jq .config >"$2.json"
}

# Everything about files but their times, and what a configuration means.
describe() { # OUT
    (cd "$1/rootfs" && find . -mindepth 1 -printf '%P %y %m %U:%G %l\n' | sort
        find . -type f -exec sha256sum {} + | sort -k2 | awk '{print $2, substr($1, 1, 12)}')
    jq -S -c '{author, config: (.config | {Env: ((.Env // []) | sort), Cmd, Entrypoint, WorkingDir: ((.WorkingDir // "") | if . == "/" then "" else . end),
        User: (.User // ""), ExposedPorts: ((.ExposedPorts // {}) | keys), Volumes: ((.Volumes // {}) | keys),
        Labels: ((.Labels // {}) | del(."io.buildah.version")), StopSignal, Healthcheck, Shell, OnBuild: (.OnBuild // [])})}' "$1.json" | jq .
}

# RUN of Buildah leaves the places of its mounts in the image: everywhere, so it is explained here once.
without_mount_points() { # PEER
    if [ "$1" = buildah ]; then
        grep -vE '^(dev|proc|run|sys|etc/hostname|etc/hosts|etc/resolv\.conf) |^\./etc/(hostname|hosts|resolv\.conf) '
    else
        cat
    fi
}

explained() { # NAME PEER: prints the reason
    sed -n "s/^$1 $2: //p" "$here/build_compare.differences"
}
judge() { # NAME PEER BUILT(yes|no) DIFFERENCE
    local reason
    reason=$(explained "$1" "$2")
    if [ "$3" = no ]; then
        case $reason in
            "cannot "*) passed "$1: $2 cannot: ${reason#cannot }" ;;
            *) failed "$1: $2 cannot build it, without an explanation" "$(tail -n 5 log)" ;;
        esac
    elif [ -z "$4" ]; then
        if [ -z "$reason" ]; then passed "$1: $2 makes the same"; else failed "$1: $2 does not differ any more" "$reason"; fi
    elif [ -n "$reason" ] && [ "${reason#cannot }" = "$reason" ]; then
        passed "$1: $2 differs: $reason"
    else
        failed "$1: $2 differs, without an explanation" "$4"
    fi
}

mkdir files out
awk '/^### /{name=$2; next} {print > ("files/" name)}' "$here/build_compare.dockerfiles"
if [ -n "${OCI_TEST_ONLY:-}" ]; then find files -type f ! -name "$OCI_TEST_ONLY" -delete; fi
for file in files/*; do
    one=$(basename "$file")
    rm -rf out && mkdir out
    if ! by_ocimg "$file" out/ocimg; then
        failed "$one: ocimg" "$(tail -n 5 log)"
        continue
    fi
    describe out/ocimg >out/ocimg.txt
    for peer in buildah docker; do
        built=yes difference=
        by_$peer "$file" out/$peer || built=no
        [ $built = no ] || describe out/$peer | without_mount_points $peer >out/$peer.txt
        [ $built = no ] || difference=$(diff out/ocimg.txt out/$peer.txt)
        judge "$one" $peer $built "$difference"
    done
done
check_output "there are at least fifty" yes bash -c "[ $(find files -type f | wc -l) -ge 50 ] || [ -n '${OCI_TEST_ONLY:-}' ] && echo yes"
finish
