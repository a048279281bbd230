#!/bin/bash
# linux.netDevices: devices of the host move into the container with their addresses, come back when create
# fails, and never overwrite one that is there.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
command -v ip >/dev/null || skip_all "ip (iproute2) is not installed"
# The host of this test is a network namespace of its own.
if [ "${OCI_TEST_NETWORK:-}" != "$0" ]; then
    OCI_TEST_NETWORK=$0 exec unshare --net bash "$0" "$@"
fi
enter_sandbox "$@"
add_device() { ip link add "$1" type veth peer name "${1}p"; } # one end of a pair; the other stays
add_device probe 2>/dev/null || skip_all "this kernel has no pairs of network devices (veth)"
ip link delete probe

make_bundle b
jq '.linux.namespaces += [{type: "network"}]' <b/config.json >base.json
with_devices() { # DEVICES ARGS...
    local devices=$1
    shift
    jq --argjson devices "$devices" '.linux.netDevices = $devices | .process.args = $ARGS.positional' \
        <base.json --args -- "$@" >b/config.json
}
new_device() { # NAME
    add_device "$1"
    ip link set "$1" mtu 1400 address 02:00:00:00:00:07
    ip addr add 10.7.0.1/24 broadcast 10.7.0.255 dev "$1"
    ip addr add 10.8.0.1 peer 10.8.0.2/32 dev "$1"
    ip addr add 169.254.7.7/16 scope link dev "$1"
    ip addr add 2001:db8::7/64 nodad dev "$1" 2>/dev/null
    ip addr add 10.9.0.1/24 dev "$1" valid_lft 5000 preferred_lft 5000
    ip link set "$1" up
}
on_host() { ip -o link show "$1" 2>/dev/null | grep -q .; }
in_container() { # ARGUMENTS OF ip: in the network namespace of container one
    nsenter --net="/proc/$(rt state one | jq .pid)/ns/net" ip "$@"
}

# --- moved, with what belongs to it ----------------------------------------------------------------
new_device dm0
with_devices '{"dm0": {}}' sleep 1000
check "a container with a device" rt run --detach -b b one
check_not "the host has it no more" on_host dm0
check_match "the container has it, up" 'dm0@.*: <.*UP.*mtu 1400' in_container -o link show dm0
check_match "its hardware address" 'link/ether 02:00:00:00:00:07' in_container link show dm0
check_match "its address" 'inet 10.7.0.1/24 brd 10.7.0.255 scope global' in_container -4 addr show dm0
check_match "its point-to-point address" 'inet 10.8.0.1 peer 10.8.0.2/32 scope global' in_container -4 addr show dm0
[ ! -e /proc/net/if_inet6 ] || check_match "its IPv6 address" 'inet6 2001:db8::7/64 scope global' in_container -6 addr show dm0
in_container -4 addr show dm0 >addresses
check_not "an address of the link alone is not taken along" grep -q 169.254 addresses
check_not "nor is one that ends some day" grep -q 10.9.0.1 addresses
check "the program sees it" rt exec one sh -c 'cat /proc/net/dev | grep -q dm0'
check "it is deleted" rt delete --force one

# --- names -----------------------------------------------------------------------------------------
new_device dm1
with_devices '{"dm1": {"name": "inside0"}}' sleep 1000
check "a device with a new name" rt run --detach -b b one
check_match "which it has" 'inet 10.7.0.1/24' in_container -4 addr show inside0
check "it is deleted as well" rt delete --force one
new_device dm2
add_device dm3
with_devices '{"dm2": {"name": "net%d"}, "dm3": {"name": "net%d"}}' sleep 1000
check "a template for names" rt run --detach -b b one
check "gives the first" in_container link show net0
check "and the second number" in_container link show net1
rt delete --force one
ip link add va type veth peer name vb
ip addr add 10.20.0.1/24 dev va
with_devices '{"vb": {"name": "eth0"}}' sleep 1000
ip link set va up
check "one end of a pair" rt run --detach -b b one
in_container addr add 10.20.0.2/24 dev eth0
check "reaches the other end" nsenter --net="/proc/$(rt state one | jq .pid)/ns/net" busybox ping -c 1 -W 5 10.20.0.1
rt delete --force one
is_gone() { ! on_host va; }
check "a pair ends with the namespace" wait_until 10 is_gone

# --- what is refused, and how the host looks afterwards --------------------------------------------
before() { ip -o addr show dm4 && ip -o link show dm4 | sed 's/state.*//'; }
new_device dm4
before | sed 's/^[0-9]*: //; s/valid_lft.*//' >dm4.before
unchanged() { before | sed 's/^[0-9]*: //; s/valid_lft.*//' | diff dm4.before -; }
with_devices '{"lo": {}}' true
check_fails "the loopback device stays" 1 'linux.netDevices' rt run -b b one
with_devices '{"nowhere": {}}' true
check_fails "a device that is not there" 1 'linux.netDevices.nowhere: the host has no network device of that name' rt run -b b one
with_devices '{"dm4": {"name": "lo"}}' true
check_fails "a name that is taken" 1 "linux.netDevices.dm4: the container's network namespace has a device named lo already" rt run -b b one
check "leaves the host as it was" unchanged
with_devices '{"dm4": {"name": "x"}, "zz": {}}' true
check_fails "the second of two fails" 1 'linux.netDevices.zz' rt run -b b one
# An address that ends some day, and one of the link, are not brought along, and so not brought back.
grep -v -e 169.254 -e 10.9.0.1 -e fe80 dm4.before >dm4.permanent && mv dm4.permanent dm4.before
restored() { before | sed 's/^[0-9]*: //; s/valid_lft.*//' | grep -v fe80 | diff dm4.before -; }
check "the first is back under its name, up, with its addresses" restored
with_devices '{"dm4": {"name": "x"}}' /no/such/program
check_fails "a program that is missing" 1 'no such file or directory' rt run -b b one
check "brings it back as well" restored
with_devices '{"dm4": {"name": "a/b"}}' true
check_fails "a name with a slash" 1 'linux.netDevices.dm4.name' rt run -b b one
with_devices '{"dm4": {"name": "averyverylongname"}}' true
check_fails "a name that is too long" 1 'linux.netDevices.dm4.name' rt run -b b one
jq 'del(.linux.namespaces[] | select(.type == "network")) | .linux.netDevices = {"dm4": {}}' <base.json >b/config.json
check_fails "without a network namespace" 1 'linux.netDevices' rt run -b b one
check "and it is there still" restored

# --- into a namespace that is there ----------------------------------------------------------------
unshare --net sleep 1000 &
holder=$!
expect_process "$holder"
wait_until 10 [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$holder/ns/net" 2>/dev/null)" ]
nsenter --net="/proc/$holder/ns/net" ip link add taken type veth peer name other
jq --arg path "/proc/$holder/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' <base.json >joined.json
jq '.linux.netDevices = {"dm4": {"name": "taken"}} | .process.args = ["true"]' <joined.json >b/config.json
check_fails "a name that is taken in a joined namespace" 1 "has a device named taken already" rt run -b b one
jq '.linux.netDevices = {"dm4": {"name": "joined"}} | .process.args = ["true"]' <joined.json >b/config.json
check "a container in a joined namespace" rt run -b b one
check "the device stays there when the container has gone" nsenter --net="/proc/$holder/ns/net" ip link show joined
kill "$holder"
wait "$holder" 2>/dev/null
assert_nothing_left
finish
