#!/bin/bash
# docker-compose with ocirun below: services that depend on each other, a published port, a named volume.
#
#   compose.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc compose.sh: with another runtime
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
need_docker docker-compose
enter_engine "$@"
start_docker
check "an image" import_docker_image

mkdir project
cp "$here/../../docs/engines/files/compose.yaml" project/docker-compose.yml
comp() { (cd "$work/project" && DOCKER_HOST=unix://$socket COMPOSE_PROJECT_NAME=shop timeout 180 docker-compose --no-ansi "$@"); }
fetch() { curl --silent --max-time 5 http://127.0.0.1:18080/; }
answers() { fetch | grep -q '^visit '; }
check "up -d" comp up -d
if [ "$tests_failed" -gt 0 ]; then finish; fi
check "the published port answers with what the other service wrote" wait_until 30 answers
# Version 1 of compose joins the names by '_', version 2 by '-'.
web=$(dock ps --format '{{.Names}}' | grep -x 'shop[_-]web[_-]1')
check_match "ps lists both" 'shop[_-]worker[_-]1 .* Up' comp ps
check_match "they run on the tested runtime" "^$runtime_name$" dock inspect --format '{{.HostConfig.Runtime}}' "$web"
health_is() { [ "$(dock inspect --format '{{.State.Health.Status}}' "$web")" = "$1" ]; }
check "the healthcheck is healthy" wait_until 30 health_is healthy
check_output "one reaches the other by name" 0 comp exec -T worker sh -c 'wget -q -O /dev/null http://web/index.html; echo $?'
check_output "ulimits" 99 comp exec -T worker sh -c 'ulimit -n'
check_match "init" 'docker-init|tini' comp exec -T worker cat /proc/1/cmdline
check "scale" comp up -d --scale worker=3
check_output "three workers run" 3 sh -c "'$docker' --host unix://$socket ps --quiet --filter label=com.docker.compose.service=worker | wc -l"
check "pause" comp pause web
check "unpause" comp unpause web
check "restart" comp restart --timeout 1 web
check "it answers again" wait_until 30 answers
check "stop" comp stop --timeout 1
check "start" comp start
check "it answers after a start" wait_until 30 answers
check_output "run of a one-off" once comp run --rm --no-deps -T worker echo once
check "down keeps the volume" comp down --timeout 1
check_match "the volume is kept" '^shop_data$' dock volume ls --quiet
check_match "with its data" '^visit ' dock run --rm --network none -v shop_data:/data busybox cat /data/index.html
check "up again, and down with the volume" comp up -d
check "down --volumes" comp down --timeout 1 --volumes
check_output "nothing is left" "" sh -c "'$docker' --host unix://$socket ps -a --quiet; '$docker' --host unix://$socket volume ls --quiet"
finish
