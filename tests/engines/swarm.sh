#!/bin/bash
# Docker Swarm with ocirun below: a service of five replicas, scaled to twenty and back, a killed task replaced,
# then two Engines in two network namespaces as two nodes.
#
#   swarm.sh [BUILD_DIRECTORY]     RUNTIME=/usr/sbin/runc swarm.sh: with another runtime
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=${1:-${OCI_BUILD:-$here/../../build/test}}
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/engine.sh
. "$here/../support/engine.sh"
# shellcheck source=../support/docker.sh
. "$here/../support/docker.sh"
need_docker
enter_engine "$@"

# The wire between the nodes: node1 is this network namespace, node2 another one.
ip netns add node2 || skip_all "no second network namespace can be made"
ip link add wire type veth peer name wire netns node2
ip address add 10.99.0.1/24 dev wire
ip link set wire up
ip netns exec node2 sh -c 'ip link set lo up; ip address add 10.99.0.2/24 dev wire; ip link set wire up'

start_docker node1
node1_socket=$socket
check "an image" import_docker_image
swarm_init() { dock swarm init --advertise-addr 10.99.0.1 --listen-addr 10.99.0.1 --data-path-addr 10.99.0.1; }
check "swarm init" swarm_init
if [ "$tests_failed" -gt 0 ]; then tail -n 5 "$work/node1/dockerd.log"; finish; fi
# The image is in no registry, so that every node has it and nobody asks for its digest.
service() { dock service create --detach --no-resolve-image --endpoint-mode dnsrr --restart-delay 100ms --stop-grace-period 1s "$@"; }
running() { dock service ps --filter desired-state=running --format '{{.CurrentState}} {{.Node}}' "$1" | grep -c '^Running'; }
replicas() { [ "$(running "$1")" = "$2" ]; }
containers() { dock ps --quiet --filter "label=com.docker.swarm.service.name=$1"; }
container_count() { [ "$(containers "$1" | wc -l)" = "$2" ]; }

check "service create with 5 replicas" service --name web --replicas 5 busybox sh -c 'trap "exit 0" TERM; while :; do sleep 0.2; done'
check "five tasks run" wait_until 60 replicas web 5
one=$(containers web | head -n 1)
check_output "a task runs on the tested runtime" "$runtime_name" dock inspect --format '{{.HostConfig.Runtime}}' "$one"
check "scale to 20" dock service scale --detach web=20
check "twenty tasks run" wait_until 180 replicas web 20
check "kill one of them" kill -KILL "$(dock inspect --format '{{.State.Pid}}' "$one")"
one_is_gone() { ! containers web | grep -q "$one"; }
check "it is gone" wait_until 30 one_is_gone
check "its place is taken" wait_until 60 replicas web 20
check "scale back to 5" dock service scale --detach web=5
check "five tasks are left" wait_until 90 container_count web 5
check "rolling update" dock service update --detach --no-resolve-image --update-parallelism 5 --update-delay 0s --env-add NAME=new web
updated() { [ "$(containers web | xargs -r -n 1 "$docker" --host "unix://$socket" inspect --format '{{.Config.Env}}' | grep -c NAME=new)" = 5 ]; }
check "all tasks are new" wait_until 90 updated
echo secret | dock secret create password - >/dev/null
check "a service with a secret, a limit and a healthcheck" service --name careful --secret password --limit-memory 32m \
    --health-cmd 'test -e /run/secrets/password' --health-interval 1s --read-only --init busybox sleep 1000
check "it runs" wait_until 60 replicas careful 1
read_secret() { dock exec "$(containers careful)" cat /run/secrets/password; }
check_output "it reads the secret" secret read_secret
check "service rm" dock service rm web careful
check "no task is left" wait_until 60 container_count web 0

# --- two nodes -------------------------------------------------------------------------------------
token=$(dock swarm join-token --quiet worker)
start_second_engine() { # the same function, its daemon started in the other network namespace
    dockerd() { exec nsenter --net=/run/netns/node2 /usr/sbin/dockerd "$@"; }
    start_docker node2
    unset -f dockerd
}
start_second_engine
node2_socket=$socket
check "the image on the second node" import_docker_image
join() { dock swarm join --token "$token" --advertise-addr 10.99.0.2 --listen-addr 10.99.0.2 10.99.0.1:2377; }
check "swarm join" join
socket=$node1_socket
two_nodes() { [ "$(dock node ls --format '{{.Status}}' | grep -c Ready)" = 2 ]; }
check "two nodes are ready" wait_until 60 two_nodes
on_second() { socket=$node2_socket container_count "$1" "$2"; }
check "a service on both nodes" service --name spread --replicas 6 --replicas-max-per-node 3 busybox sleep 1000
check "six tasks run" wait_until 90 replicas spread 6
check "three of them on each node" on_second spread 3
if overlay_network=$(dock network create --driver overlay --attachable mesh 2>&1); then
    check "a service on an overlay network" service --name api --network mesh --mode global busybox httpd -f -p 80 -h /www
    check "it runs on both nodes" wait_until 90 replicas api 2
    reach_all() { # from node1, both tasks by name over VXLAN
        dock run --rm --network mesh busybox sh -c 'for a in $(nslookup tasks.api 2>/dev/null | sed -n "s/^Address[ 0-9:]* \(10[0-9.]*\)$/\1/p"); do printf "GET / HTTP/1.0\r\n\r\n" | nc -w 3 $a 80; done' | grep -c served | grep -qx 2
    }
    check "a container on the first node reaches the tasks of both" wait_until 60 reach_all
    dock service rm api >/dev/null
else
    skip "an overlay network between the nodes" "${overlay_network%%$'\n'*}"
fi
# A node that goes away: its tasks move.
second_pid=$dockerd_pid
check "drain the second node" dock node update --availability drain "$(dock node ls --filter role=worker --quiet)"
check "its tasks stop" wait_until 60 on_second spread 0
check "node ls says so" sh -c "'$docker' --host unix://$socket node ls --format '{{.Availability}}' | grep -qx Drain"
check "service rm" dock service rm spread
check "no task is left" wait_until 60 container_count spread 0
check "the second node leaves" sh -c "'$docker' --host unix://$node2_socket swarm leave"
kill "$second_pid" && wait "$second_pid" 2>/dev/null
check "the swarm ends" dock swarm leave --force
finish
