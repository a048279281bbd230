#!/bin/bash
# Measures `ocimg build` against Buildah and Docker's classic builder, all on ocirun; prints Markdown.
#
#   tests/bench/build.sh [--write] [--build DIRECTORY] [--rounds N] [--files N] [--where memory|disk]
#                        [--only service|small|context|parser]
#
#   service   a C++ service in stages on Debian with g++ from packages: the time outside of the RUN commands
#   small     a Dockerfile of eight steps on busybox: whole builds
#   context   a context of many files (--files, default 50000): hashed, looked at again, ignored
#   parser    a Dockerfile of 100,000 lines
#
# --write puts what was measured into docs/performance.md. DIRECTORY has ocimg and ocirun (default: build/release).
# Everything happens in namespaces of its own, in memory unless --where disk. Needs root, dockerd, the docker client,
# buildah, mmdebstrap once for the base image, and a machine that does nothing else. Nothing is asserted.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
arguments=("$@")
write='' build=$source/build/release rounds=3 files=50000 where=memory only=all
while [ $# -gt 0 ]; do
    case "$1" in
        --write) write=yes ;;
        --build) build=${2:?}; shift ;;
        --rounds) rounds=${2:?}; shift ;;
        --files) files=${2:?}; shift ;;
        --where) where=${2:?}; shift ;;
        --only) only=${2:?}; shift ;;
        *) sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
build=$(realpath "$build")
wanted() { [ "$only" = all ] || [ "$only" = "$1" ]; }
if [ -n "$write" ] && [ "${OCI_TEST_INSIDE:-}" = '' ]; then
    report=$(mktemp)
    trap 'rm -f "$report"' EXIT
    for argument in "${arguments[@]}"; do [ "$argument" = --write ] || kept+=("$argument"); done
    "$0" "${kept[@]+"${kept[@]}"}" | tee "$report"
    "$here/renew_page.py" "$source/docs/performance.md" "$report"
    exit
fi

# --- a place of its own: the packages first, while there is a network ------------------------------------------

export OCI_BUILD=$build RUNTIME=$build/ocirun
cache=${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}
if wanted service && [ "${OCI_TEST_INSIDE:-}" = '' ]; then
    BENCH_BASE=$("$here/../support/make_debian_root.sh" "$cache" plain)
    BENCH_PACKAGES=$("$here/../support/fetch_packages.sh" "$cache" g++ make)
    export BENCH_BASE BENCH_PACKAGES
fi
# The functions of the tests do without errexit.
set +e
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
need_docker buildah
enter_engine "${arguments[@]+"${arguments[@]}"}"
if [ "$where" = memory ]; then
    mkdir "$work/memory"
    mount -t tmpfs -o size=80% tmpfs "$work/memory"
    work=$work/memory
    cd "$work" || exit 1
fi
ocimg=$build/ocimg
export OCIMG_STORE=$work/store OCIMG_CACHE=$work/cache CONTAINERS_REGISTRIES_CONF=$work/registries.conf TMPDIR=$work
export BUILDAH_ISOLATION=oci REGISTRY_AUTH_FILE=$work/auth.json
unset SOURCE_DATE_EPOCH
echo '{}' >"$REGISTRY_AUTH_FILE"
printf 'unqualified-search-registries = ["docker.io"]\n[[registry]]\nlocation = "docker.io"\nblocked = true\n' >"$CONTAINERS_REGISTRIES_CONF"
mkdir -p /etc/containers
printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >/etc/containers/policy.json
bah() { buildah --root "$work/buildah" --runroot "$work/buildah-run" --storage-driver overlay "$@"; }
{ start_docker; } >&2
give_to_all() { # IMAGE: what the store has, the peers have too
    "$ocimg" copy --quiet "$1" "docker-archive:$work/given.tar:$1" >/dev/null && dock load --quiet -i given.tar >/dev/null &&
        bah pull --quiet "docker-archive:$work/given.tar" >/dev/null && rm given.tar
}

# --- building and measuring --------------------------------------------------------------------------------------

with_ocimg() { "$ocimg" build --progress plain --runtime "$RUNTIME" -t bench:1 "$@"; }
with_buildah() { bah bud --format docker --layers --pull-never --runtime "$RUNTIME" --network host -t bench:1 "$@"; }
with_docker() { DOCKER_BUILDKIT=0 "$docker" --host "unix://$socket" build --network host -t bench:1 "$@"; }
programs=(ocimg buildah docker)

section() { # TITLE
    printf '\n## ocimg build: %s\n\nBeside Buildah %s and the classic builder of Docker Engine %s, all three with ocirun, everything %s. ' "$1" \
        "$(buildah --version | awk '{ print $3 }')" "$(dock version --format '{{.Server.Version}}')" \
        "$([ "$where" = memory ] && echo 'in memory (tmpfs)' || echo 'on disk')"
    printf 'Medians of %s rounds, one after the other in a changing order; %s processors, load %s at the start.\n\n' \
        "$rounds" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)"
    printf '| | ocimg | Buildah | of its time | classic builder | of its time |\n|---|--:|--:|--:|--:|--:|\n'
}
# measure PROGRAM OPTION...: milliseconds outside of the commands of RUN, which tell their own time (see base_image)
measure() {
    local program=$1 begun=$EPOCHREALTIME
    shift
    with_"$program" "$@" >log 2>&1 || { tail -n 20 log >&2; echo "bench: $program cannot build" >&2; exit 1; }
    awk -v begun="$begun" -v ended="$EPOCHREALTIME" '
        match($0, /@run [0-9]+$/) { inside += substr($0, RSTART + 5) / 1000 }
        END { printf "%.1f\n", (ended - begun) * 1000 - inside }' log
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# compare NAME PREPARATION OPTION...: each round all three, beginning with another one each time
compare() {
    local name=$1 prepare=$2 round i program
    shift 2
    rm -f times.*
    for round in $(seq "$rounds"); do
        for i in 0 1 2; do
            program=${programs[(round + i) % 3]}
            $prepare "$program"
            measure "$program" "$@" >>"times.$program"
        done
    done
    awk -v name="$name" -v a="$(median <times.ocimg)" -v b="$(median <times.buildah)" -v c="$(median <times.docker)" \
        'BEGIN { printf "| %s | %.0f ms | %.0f ms | %.2f | %.0f ms | %.2f |\n", name, a, b, a / b, c, a / c }'
}
nothing() { :; }
steps() { # prints what an unchanged build of ocimg takes for each of NUMBER steps
    awk -v a="$(median <times.ocimg)" -v n="$1" 'BEGIN { printf "\nocimg, nothing changed: %.1f ms in all, %.1f ms for each of %d steps.\n", a, a / n, n }'
}

# base_image NAME DIRECTORY-OR-ARCHIVE...: with a shell that tells how long its command took
base_image() {
    local name=$1 layer
    shift
    mkdir -p timed/usr/local/bin
    cat >timed/usr/local/bin/timed <<'SH'
#!/bin/sh
begun=$(date +%s%N)
/bin/sh -c "$1"
code=$?
echo "@run $((($(date +%s%N) - begun) / 1000))"
exit $code
SH
    chmod 755 timed/usr/local/bin/timed
    "$ocimg" new "$name" >/dev/null
    for layer in "$@" timed; do "$ocimg" append "$name" "$layer" >/dev/null; done
    "$ocimg" config "$name" --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd /bin/sh >/dev/null
    give_to_all "$name"
}

service() {
    mkdir -p packages/var/cache/apt/archives service/src
    cp "$BENCH_PACKAGES"/archives/*.deb packages/var/cache/apt/archives/
    mkdir -p packages/var/lib/apt && cp -r "$BENCH_PACKAGES/lists" packages/var/lib/apt/
    base_image bench-debian:1 "$BENCH_BASE" packages
    # The service of tests/e2e/build_apps.sh in words that all three know: no mounts, no here-documents.
    sed -n '/^cat >cpp\/src\/service.cpp/,/^END/p' "$source/tests/e2e/build_apps.sh" | sed '1d;$d' >service/src/service.cpp
    cat >service/Dockerfile <<'END'
FROM bench-debian:1 AS toolchain
SHELL ["/usr/local/bin/timed"]
RUN DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Sandbox::User=root install -y --no-install-recommends g++ make

FROM toolchain AS build
SHELL ["/usr/local/bin/timed"]
WORKDIR /src
COPY src/ .
RUN g++ -std=c++20 -O2 -static -s service.cpp -o /service

FROM bench-debian:1 AS version
SHELL ["/usr/local/bin/timed"]
ARG VERSION=0
RUN echo "$VERSION" > /etc/service.version

FROM scratch
COPY --from=build /service /service
COPY --from=version /etc/service.version /etc/
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["/service"]
END
    change_service() { echo "// $EPOCHREALTIME" >>service/src/service.cpp; }
    section 'a C++ service, time outside of its RUN commands'
    compare 'cold (`--no-cache`)' nothing --no-cache service
    local from_nothing
    rm -rf "$OCIMG_CACHE"
    from_nothing=$(measure ocimg service)
    compare 'one source file changed' change_service service
    compare 'nothing changed' nothing service
    steps "$(grep -cE '^(FROM|[A-Z]+ )' service/Dockerfile)"
    printf '\nThe base image is unpacked already for all three; with an empty cache, where it is not, ocimg takes %.0f ms. ' "$from_nothing"
    printf 'Multi-stage, g++ and make installed by apt-get. The packages of Debian are in the base image, nothing is downloaded. '
    printf 'Each RUN measures itself inside of the container; that is taken off.\n'
}

small() {
    mkdir -p root/bin root/etc root/tmp small
    cp "$(command -v busybox)" root/bin/
    for applet in sh cat cp ls true date; do ln -s busybox "root/bin/$applet"; done
    base_image bench-busybox:1 root
    echo 0 >small/source
    cat >small/Dockerfile <<'END'
FROM bench-busybox:1 AS build
WORKDIR /src
RUN true
COPY source .
RUN cp source result
FROM bench-busybox:1
ENV A=b
COPY --from=build /src/result /result
RUN true
END
    change_small() { echo "$EPOCHREALTIME" >small/source; }
    section 'nine steps on busybox, whole builds'
    compare 'cold (`--no-cache`)' nothing --no-cache small
    compare 'one source file changed' change_small small
    compare 'nothing changed' nothing small
    steps 9
}

context() {
    mkdir -p root/bin many/files
    [ -e root/bin/busybox ] || cp "$(command -v busybox)" root/bin/
    "$ocimg" new bench-empty:1 >/dev/null && "$ocimg" append bench-empty:1 root >/dev/null && give_to_all bench-empty:1
    local i
    for i in $(seq "$files"); do
        [ $((i % 500)) -ne 1 ] || mkdir "many/files/$((i / 500))"
        echo "$i $i" >"many/files/$(((i - 1) / 500))/$i"
    done
    printf 'FROM bench-empty:1\nCOPY . /all/\n' >many/Dockerfile
    echo small >many/small
    printf 'files/**/*9\n' >many/.dockerignore
    change_many() { echo "$EPOCHREALTIME" >many/files/0/1; }
    section "a context of many files, whole builds of \`COPY . /all/\`"
    compare 'copied anew (`--no-cache`), a tenth ignored' nothing --no-cache many
    compare 'one file changed' change_many many
    compare 'nothing changed' nothing many
    printf '**\n!small\n' >many/.dockerignore
    compare 'all but one file ignored (`--no-cache`)' nothing --no-cache many
    printf '\n%s files.\n' "$files"
}

parser() {
    {
        echo "FROM scratch"
        awk 'BEGIN { for (i = 1; i < 100000; ++i) print (i % 3 == 0) ? "ENV a=$b" : (i % 3 == 1) ? "RUN x y" : "USER u" }'
    } >Dockerfile
    local begun
    : >times.ocimg
    for _ in 1 2 3 4 5; do
        begun=$EPOCHREALTIME
        "$ocimg" lint --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all . >/dev/null 2>&1
        awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }' >>times.ocimg
    done
    printf '\n## ocimg build: a Dockerfile of 100,000 lines\n\nRead, checked and expanded by `ocimg lint`: %.0f ms (median of five; one in three lines has a variable).\n' \
        "$(median <times.ocimg)"
}

for part in service small context parser; do
    if wanted $part; then $part; fi
done
