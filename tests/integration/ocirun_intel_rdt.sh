#!/bin/bash
# linux.intelRdt against a stand-in for the kernel's resctrl file system (tests/support/fake_resctrl.py): this
# shows what the runtime writes where and when it refuses; the real hardware is not seen by any test.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
[ -c /dev/fuse ] || skip_all "the stand-in needs /dev/fuse"
tree=$test_dir/resctrl
mkdir "$tree"
python3 "$here/../support/fake_resctrl.py" "$tree" 4 >fake.out 2>&1 &
fake=$!
expect_process "$fake"
is_ready() { grep -q ready fake.out; }
wait_until 10 is_ready || skip_all "the stand-in cannot be mounted: $(cat fake.out)"

make_bundle b
cp b/config.json base.json
with_rdt() { # RDT ARGS...
    local rdt=$1
    shift
    [ $# -gt 0 ] || set -- sleep 1000
    jq --argjson rdt "$rdt" '.linux.intelRdt = $rdt | .process.args = $ARGS.positional' <base.json --args -- "$@" >b/config.json
}
rdt() { OCI_TEST_RESCTRL=$tree rt "$@"; }
pid_of() { rdt state "$1" | jq .pid; }
holds() { grep -qx "$2" "$1/tasks"; } # GROUP PID

# --- a group of the container's own ----------------------------------------------------------------
with_rdt '{"l3CacheSchema": "L3:0=7f0;1=1f", "memBwSchema": "MB:0=20;1=70", "schemata": ["L3:0=7e0"]}'
check_fails "no resctrl file system" 1 "linux.intelRdt: no resctrl file system is mounted on this host" rt create -b b one
check_fails "a directory that is none" 1 "is not a resctrl file system" env OCI_TEST_RESCTRL=/tmp "$RUNTIME" --root "$state_root" create -b b one
check "create" rdt create -b b one
check "the group has the container's name" [ -d "$tree/one" ]
check "init is in it" holds "$tree/one" "$(pid_of one)"
check_output "l3CacheSchema, memBwSchema, then schemata" "    L3:0=7e0;1=01f
    MB:0=20;1=70" cat "$tree/one/schemata"
check "start" rdt start one
check "a further process" rdt exec --detach --pid-file exec.pid one sleep 1000
check "is in it too" holds "$tree/one" "$(cat exec.pid)"
check "update --l3-cache-schema" rdt update --l3-cache-schema 'L3:1=3' one
check_match "changes one" 'L3:0=7e0;1=003' cat "$tree/one/schemata"
check "update --mem-bw-schema" rdt update --mem-bw-schema 'MB:0=50' one
check_match "changes the other" 'MB:0=50;1=70' cat "$tree/one/schemata"
check_fails "a schema that the kernel refuses, with its words" 1 "non-hex character in the mask xyz" rdt update --l3-cache-schema 'L3:1=xyz' one
check_fails "of two changes the second fails" 1 "unknown resource name" rdt update --mem-bw-schema 'MB:0=90' --l3-cache-schema 'L9:0=1' one
check_match "and nothing is changed" 'MB:0=50;1=70' cat "$tree/one/schemata"
check_fails "a bandwidth that is none" 1 'update: memBwSchema: "L3:0=1" is not possible' rdt update --mem-bw-schema 'L3:0=1' one
check "delete" rdt delete --force one
check_not "removes the group" [ -e "$tree/one" ]

# --- named groups ----------------------------------------------------------------------------------
with_rdt '{"closID": "gold", "schemata": ["L3:0=f;1=f"]}'
check "a group that is not there is made" rdt run --detach -b b one
check_match "with its schemata" 'L3:0=00f;1=00f' cat "$tree/gold/schemata"
with_rdt '{"closID": "gold", "l3CacheSchema": "L3:0=0000f;1=f"}'
edit_config b '.linux.cgroupsPath += "-two"'
check "one that is there with the same schemata is shared" rdt run --detach -b b two
check "by both" holds "$tree/gold" "$(pid_of two)"
with_rdt '{"closID": "gold", "l3CacheSchema": "L3:0=ff"}'
edit_config b '.linux.cgroupsPath += "-three"'
check_fails "with others it is an error" 1 "exists with other schemata: L3:0=f is there, L3:0=ff is asked for" rdt run -b b three
check "delete one" rdt delete --force one
check "delete two" rdt delete --force two
check "a named group stays" [ -d "$tree/gold" ]
with_rdt '{"closID": "silver"}' true
check_fails "a named group without schemata must be there" 1 "linux.intelRdt.closID: there is no group $tree/silver" rdt run -b b one
with_rdt '{"closID": "gold"}'
check "and is used as it is" rdt run --detach -b b one
check "by its init" holds "$tree/gold" "$(pid_of one)"
check "is deleted" rdt delete --force one
with_rdt '{"closID": "/"}'
check "the default group" rdt run --detach -b b one
check "has its init" holds "$tree" "$(pid_of one)"
rdt delete --force one
for bad in a/b .. .; do
    with_rdt "{\"closID\": \"$bad\"}" true
    check_fails "closID $bad" 1 "linux.intelRdt.closID" rdt run -b b one
done

# --- monitoring ------------------------------------------------------------------------------------
with_rdt '{"closID": "gold", "enableMonitoring": true}'
check "with a monitoring group" rdt run --detach -b b one
check "which holds init" holds "$tree/gold/mon_groups/one" "$(pid_of one)"
check "as does the class" holds "$tree/gold" "$(pid_of one)"
check "deleted" rdt delete --force one
check_not "it goes with the container" [ -e "$tree/gold/mon_groups/one" ]

# --- failures leave nothing ------------------------------------------------------------------------
with_rdt '{"schemata": ["L3:0=zz"]}' true
check_fails "schemata that the kernel refuses" 1 'linux.intelRdt: "L3:0=zz" (non-hex character in the mask zz)' rdt run -b b one
check_not "the new group is removed" [ -e "$tree/one" ]
with_rdt '{"schemata": ["L3:0=f"], "enableMonitoring": true}' /no/such/program
check_fails "a program that is not there" 1 "no such file or directory" rdt run -b b one
check_not "removes group and monitoring group" [ -e "$tree/one" ]
mkdir "$tree/a" "$tree/b" "$tree/c"
with_rdt '{"schemata": ["L3:0=f"]}' true
check_fails "no group is left in the hardware" 1 "the hardware has no more of them" rdt run -b b one
umount "$tree"
wait "$fake" 2>/dev/null
assert_nothing_left
finish
