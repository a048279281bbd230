#!/bin/bash
# Buildah with --runtime ocirun: every way in which it starts a runtime, as root and as an ordinary user.
#
#   buildah.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc buildah.sh: with another runtime
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/podman.sh
. "$here/../support/podman.sh"
need_programs buildah jq script busybox newuidmap setpriv
enter_engine "$@"
install_for_podman
export BUILDAH_ISOLATION=oci

make_engine_root root
mkdir data && echo 'from the host' >data/file
runtime=/usr/local/bin/$runtime_name
bah() { timeout 100 buildah "$@"; }
build() { bah build --runtime "$runtime" --network none "$@"; }

# --- a working container ---------------------------------------------------------------------------
from_scratch() { # -> $container
    container=$(bah from scratch) && bah add --quiet "$container" root / >/dev/null &&
        bah config --env PATH=/bin --cmd /bin/sh "$container" && bah commit --quiet "$container" localhost/busybox >/dev/null
}
check "an image from scratch" from_scratch
container=$(bah from localhost/busybox)
run() { bah run --runtime "$runtime" --network none "$@"; }
check_output "run prints what the command prints" hello run "$container" echo hello
if [ "$tests_failed" -gt 0 ]; then finish; fi # nothing else can work then
check_exit "run passes the exit code on" 42 run "$container" sh -c 'exit 42'
check_exit "a command that is missing" 1 run "$container" no-such-command
check_match "it says so" 'executable file not found in \$PATH' sh -c "buildah run --runtime $runtime --network none $container no-such-command 2>&1 || true"
check_output "the command is process 1" 1 run "$container" sh -c 'echo $$'
check_output "--user, --env and --workingdir" '1000 value /tmp' run --user guest --env NAME=value --workingdir /tmp "$container" sh -c 'echo $(id -u) $NAME $(pwd)'
check_output "--hostname" box run --hostname box "$container" hostname
check_output "--volume" 'from the host' run --volume "$work/data:/data:ro" "$container" cat /data/file
check_output "-t gives a terminal" /dev/pts/0 run -t "$container" tty
check_output "--cap-drop" 'CapEff: 0000000000000000' run --cap-drop all "$container" sh -c 'grep CapEff /proc/self/status | tr "\t" " "'
check "what it wrote stays" run "$container" sh -c 'echo made >/made'
check_output "for the next run" made run "$container" cat /made
piped() { echo piped | bah run --runtime "$runtime" --network none "$container" cat; }
check_output "standard input is passed on" piped piped

# --- Dockerfiles -----------------------------------------------------------------------------------
mkdir context
echo copied >context/file
cat >context/Containerfile <<'DOCKERFILE'
FROM localhost/busybox AS first
COPY file /file
ENV GREETING=hello
RUN echo "$GREETING, $(cat /file)" >/result
FROM localhost/busybox
COPY --from=first /result /result
RUN test "$(cat /result)" = "hello, copied" && mkdir /made && chown 1000:1000 /made
RUN --mount=type=tmpfs,target=/scratch touch /scratch/x
USER 1000
RUN touch /made/by-user
CMD ["cat", "/result"]
DOCKERFILE
check "build of two stages" build --tag localhost/built context
cached() { build --layers --tag localhost/built context >/dev/null 2>&1 && build --layers --tag localhost/built context 2>&1; }
check_match "the second build takes its layers from the cache" 'Using cache' cached
built=$(bah from localhost/built)
check_output "what it built" 'hello, copied' run "$built" cat /result
check_output "the steps ran as the users they name" 1000 run --user 0 "$built" stat -c %u /made/by-user
printf 'FROM localhost/busybox\nRUN exit 5\n' >context/Containerfile.failing
check_exit "a failing step fails the build with its code" 5 build --file context/Containerfile.failing context
printf 'FROM localhost/busybox\nRUN cat /proc/self/limits | grep "open files" >/limits\n' >context/Containerfile.limits
check "build --ulimit, --cap-add, --security-opt" build --ulimit nofile=77:77 --cap-add SYS_ADMIN --security-opt seccomp=unconfined \
    --file context/Containerfile.limits --tag localhost/limits context
limits=$(bah from localhost/limits)
check_match "the limit was in force" ' 77 +77 ' run "$limits" cat /limits

# --- an ordinary user ------------------------------------------------------------------------------
chmod 0755 "$work"
echo "octest:x:12345:12345::$work/user:/bin/sh" >>/etc/passwd
echo 'octest:300000:65536' >/etc/subuid
cp /etc/subuid /etc/subgid
mkdir -p /run/user/12345 user
chmod 0700 /run/user/12345
rm /etc/containers/storage.conf
cp -r context user/context
tar -C root -cf user/root.tar .
chown -R 12345:12345 /run/user/12345 user
as_user() {
    setpriv --reuid=12345 --regid=12345 --clear-groups --inh-caps=-all env -i HOME="$work/user" XDG_RUNTIME_DIR=/run/user/12345 \
        PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TMPDIR="$work/user" BUILDAH_ISOLATION=oci timeout 100 "$@"
}
cd user || exit 1
user_image() {
    local made
    made=$(as_user buildah from scratch) && as_user buildah add --quiet "$made" root.tar / >/dev/null &&
        as_user buildah config --env PATH=/bin "$made" && as_user buildah commit --quiet "$made" localhost/busybox >/dev/null
}
check "an ordinary user's image" user_image
container=$(as_user buildah from localhost/busybox)
check_output "an ordinary user's run" '0 12345 1' as_user buildah run --runtime "$runtime" --network none "$container" sh -c 'head -n 1 /proc/self/uid_map | tr -s " " | sed "s/^ //"'
check "an ordinary user's build" as_user buildah build --runtime "$runtime" --network none --tag localhost/built context
finish
