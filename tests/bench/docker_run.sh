#!/bin/bash
# `docker run --rm` of true through one Docker Engine: ocirun against runc, in turn. Prints a Markdown table.
#
#   RUNTIME=ocirun OCI_BUILD=build/test docker_run.sh RUNS
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
need_docker runc
runs=${1:-15}
alternate=$OCI_BUILD/tests/alternate
enter_engine "$@"
start_docker >&2
import_docker_image busybox >&2
docker_run() { # RUNTIME: the words of the command
    printf '%s\n' "$docker" --host "unix://$socket" run --rm --runtime "$1" busybox true
}
mapfile -t with_ocirun < <(docker_run "$runtime_name")
mapfile -t with_runc < <(docker_run runc)
"$alternate" --runs "$runs" --warmup 2 -- "through $runtime_name" "${with_ocirun[@]}" -- 'through runc' "${with_runc[@]}"
code=$?
printf '\nEngine %s, runc %s.\n' \
    "$(dock version --format '{{.Server.Version}}')" "$(runc --version | sed -n '1s/runc version //p')"
exit $code
