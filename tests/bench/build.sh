#!/bin/bash
# ocimg build beside buildah on the same runtime and base: cold, nothing changed, one file changed, and a
# context of many files. Usage: build.sh BUILD_DIRECTORY [RUNS] [FILES]. Prints medians in milliseconds and
# their ratio. Needs root, buildah, busybox and jq; everything it makes is below one temporary directory.
set -eu
build=$(realpath "$1") runs=${2:-5} files=${3:-50000}
work=$(mktemp -d "${TMPDIR:-/tmp}/oci-bench.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
export OCIMG_STORE=$work/store OCIMG_CACHE=$work/cache BUILDAH_ISOLATION=oci
runtime=$build/ocirun
ours=("$build/ocimg" build --progress quiet --runtime "$runtime")
theirs=(buildah --root "$work/root" --runroot "$work/run" --storage-driver overlay bud --layers --pull-never --quiet --runtime "$runtime" --isolation oci)

mkdir -p "$work/base/bin" "$work/base/etc" "$work/base/tmp"
cp "$(command -v busybox)" "$work/base/bin/"
for applet in sh cat cp ls true; do ln -s busybox "$work/base/bin/$applet"; done
"$build/ocimg" new base:1
"$build/ocimg" append base:1 "$work/base"
"$build/ocimg" config base:1 --env PATH=/bin
# Buildah takes its base from an archive: the names of layouts in it may not hold capitals, and TMPDIR has them.
echo '{}' >"$work/auth.json"
export REGISTRY_AUTH_FILE=$work/auth.json
"$build/ocimg" copy --quiet base:1 "docker-archive:$work/base.tar:docker.io/library/base:1" >/dev/null
buildah --root "$work/root" --runroot "$work/run" --storage-driver overlay pull -q "docker-archive:$work/base.tar" >"$work/id"
buildah --root "$work/root" --runroot "$work/run" --storage-driver overlay tag "$(tail -n 1 "$work/id")" docker.io/library/base:1

mkdir "$work/small" "$work/many"
echo 0 >"$work/small/source"
cat >"$work/small/Dockerfile" <<'END'
FROM docker.io/library/base:1 AS build
WORKDIR /src
RUN true
COPY source .
RUN cp source result
FROM docker.io/library/base:1
ENV A=b
COPY --from=build /src/result /result
RUN true
END
mkdir "$work/many/files"
for i in $(seq "$files"); do echo "$i" >"$work/many/files/$i"; done
printf 'files/*9\n' >"$work/many/.dockerignore"
printf 'FROM docker.io/library/base:1\nCOPY . /all/\n' >"$work/many/Dockerfile"

milliseconds() { # COMMAND...
    local begun
    begun=$(date +%s%N)
    "$@" >/dev/null 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
    echo $((($(date +%s%N) - begun) / 1000000))
}
median() { sort -n | sed -n "$(((runs + 1) / 2))p"; }
compare() { # NAME PREPARE CONTEXT OPTION...: alternates the two, so that noise meets both
    local name=$1 prepare=$2 context=$3 a=() b=() i
    shift 3
    for i in $(seq "$runs"); do
        $prepare
        a+=("$(milliseconds "${ours[@]}" "$@" -t bench:1 "$context")")
        $prepare
        b+=("$(milliseconds "${theirs[@]}" "$@" -t bench:1 "$context")")
    done
    local m n
    m=$(printf '%s\n' "${a[@]}" | median) n=$(printf '%s\n' "${b[@]}" | median)
    printf '%-28s ocimg %6s ms   buildah %6s ms   ratio %s\n' "$name" "$m" "$n" "$(awk "BEGIN { printf \"%.2f\", $m / ($n > 0 ? $n : 1) }")"
}
nothing() { :; }
change() { date +%s%N >"$work/small/source"; }
change_one() { date +%s%N >"$work/many/files/1"; }

compare "cold" nothing "$work/small" --no-cache
compare "nothing changed" nothing "$work/small"
compare "one source file changed" change "$work/small"
compare "$files files, one changed" change_one "$work/many"
