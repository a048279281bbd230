#!/bin/bash
# Input that has broken other runtimes: users, capabilities, sysctls, names of cgroup files, container ids. Each check
# begins with the row of the catalogue of such bugs that it stands for.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b
echo '1000:x:0:0::/:/bin/sh' >>b/rootfs/etc/passwd # a name that looks like a number
edit_config b '.process.capabilities |= map_values(. + ["CAP_SETUID", "CAP_SETGID"])'
rt run --detach -b b --pid-file b/pid one || exit 1

# --- R01 (CVE-2016-3697, CVE-2026-30892): a user is a number, or an error ------------------------------
ids() { rt exec --user "$1" one sh -c 'echo $(id -u) $(id -g)'; }
while IFS='=' read -r text expected; do
    check_output "R01: exec --user $text" "$expected" ids "$text"
done <<'T'
0=0 0
1=1 0
01=1 0
1000=1000 0
1:2=1 2
1000:1000=1000 1000
0:5=0 5
65534:65534=65534 65534
4294967294=4294967294 0
T
for text in ':' '1:' ':1' '-1' ' 1' '1 ' '0x0' 4294967295 4294967296 9223372036854775808 18446744073709551616 root guest \
    '+1' '1:-1' '1:x' 'root:root' '0:root' '1:2:3' '1,2' '1.0' '1e3' '٣' '1:4294967295' '::' '0 0' '1;2' $'1\n' '-0'; do
    check_fails "R01: exec --user $(printf %q "$text") is refused" 255 '' ids "$text"
done

# --- R16 (CVE-2022-29162 and others): the five sets are what is asked for ------------------------------
sets() { sed -n 's/^Cap\(Inh\|Prm\|Eff\|Bnd\|Amb\):\t0*\(.*\)$/\1=\2/p' /proc/self/status; }
declare -f sets >b/rootfs/sets.sh
echo 'sets' >>b/rootfs/sets.sh
capabilities() { rt exec "$@" one sh /sets.sh | tr '\n' ' '; }
# CAP_KILL 5, CAP_SETGID 6, CAP_SETUID 7, CAP_NET_BIND_SERVICE 10, CAP_NET_RAW 13, CAP_AUDIT_WRITE 29
check_output "R16: exec as root" 'Inh= Prm=200004e0 Eff=200004e0 Bnd=200004e0 Amb= ' capabilities
check_output "R16: exec --cap leaves the inheritable set empty" 'Inh= Prm=200024e0 Eff=200024e0 Bnd=200024e0 Amb= ' capabilities --cap CAP_NET_RAW
check_output "R16: exec as another user" 'Inh= Prm= Eff= Bnd=200004e0 Amb= ' capabilities --user 1000
check_output "R16: exec --no-new-privs" 'Inh= Prm=200004e0 Eff=200004e0 Bnd=200004e0 Amb= ' capabilities --no-new-privs
check_output "R16: spec asks for no inheritable and ambient ones" 'null null' bash -c "cd '$test_dir' && '$RUNTIME' spec && jq -r '.process.capabilities | \"\(.inheritable) \(.ambient)\"' config.json"
for user in 0 1000; do
    make_bundle caps sh /sets.sh
    cp b/rootfs/sets.sh caps/rootfs/
    edit_config caps --argjson user "$user" '.process.user.uid = $user | .process.capabilities = {bounding: ["CAP_KILL", "CAP_NET_RAW"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
    run_sets() { rt run -b caps two | tr '\n' ' '; }
    expected='Inh= Prm=20 Eff=20 Bnd=2020 Amb= '
    # execve takes the permitted set from who is not root and has no ambient ones.
    [ "$user" = 0 ] || expected='Inh= Prm= Eff= Bnd=2020 Amb= '
    check_output "R16: run as $user" "$expected" run_sets
done

# --- R22 (CVE-2022-0811): sysctls of a namespace that the container has --------------------------------
sysctl_is_refused() { # KEY VALUE
    cp b/config.json saved.json
    edit_config b --arg key "$1" --arg value "$2" '.linux.sysctl = {($key): $value} | .linux.cgroupsPath += "-sysctl"'
    check_fails "R22: sysctl $(printf %q "$1")=$(printf %q "$2") is refused" 1 'linux.sysctl' rt create -b b two
    cp saved.json b/config.json
}
before=$(cat /proc/sys/kernel/core_pattern)
for key in kernel.core_pattern kernel/core_pattern 'kernel/../kernel/core_pattern' 'kernel.shm_rmid_forced/../core_pattern' \
    net.ipv4.ip_forward 'net/../kernel/core_pattern' 'fs.mqueue.../../kernel/core_pattern' vm.overcommit_memory kernel.msgmax+ ''; do
    sysctl_is_refused "$key" 1
done
sysctl_is_refused kernel.msgmax $'1\nkernel.core_pattern=|/x'
check_output "R22: the host's value is what it was" "$before" cat /proc/sys/kernel/core_pattern

# --- R25: names of cgroups and of their files ----------------------------------------------------------
config_is_refused() { # NAME TEXT FILTER
    cp b/config.json saved.json
    edit_config b "$3"
    check_fails "R25: $1 is refused" 1 "$2" rt create -b b two
    cp saved.json b/config.json
}
config_is_refused 'cgroupsPath ../../x' cgroupsPath '.linux.cgroupsPath = "../../x"'
config_is_refused 'cgroupsPath /../..' cgroupsPath '.linux.cgroupsPath = "/../.."'
config_is_refused 'cgroupsPath /' cgroupsPath '.linux.cgroupsPath = "/"'
config_is_refused 'pageSize ../../../tmp/x' pageSize '.linux.resources.hugepageLimits = [{pageSize: "../../../tmp/x", limit: 1}]'
config_is_refused 'unified ../cgroup.procs' unified '.linux.resources.unified = {"../cgroup.procs": "1"}'
config_is_refused 'unified ..' unified '.linux.resources.unified = {"..": "1"}'
if [ -n "$(ls /sys/fs/cgroup)" ] && is_ocirun; then
    check_fails "R25: exec --cgroup ../.. is refused" 255 '--cgroup' rt exec --cgroup ../.. one true
    check_fails "R25: exec --cgroup /../.. is refused" 255 '--cgroup' rt exec --cgroup /../.. one true
fi
rt delete --force one

# --- R26: sixty ids, every verb ------------------------------------------------------------------------
mkdir -p "$state_root" && mkdir "$test_dir/beside" && echo kept >"$test_dir/beside/file"
bad_ids=('' . .. ./ ../ / // a/b /a a/ ../a ../../a ../beside ../beside/ ./a a/../b a/. a/.. '../../../../etc' '~' '~root' '$HOME'
    '`id`' 'a b' ' a' 'a ' $'a\tb' $'a\nb' $'a\r' $'\x01' $'a\x7f' 'a:b' 'a;b' 'a|b' 'a&b' 'a>b' 'a<b' 'a*b' 'a?b' 'a[b]' 'a{b}' 'a(b)'
    'a"b' "a'b" 'a\b' 'a,b' 'a=b' 'a@b' 'a#b' 'a%b' '%2e%2e' '%00' 'ä' '日本' $'\xff' .hidden .cache ..a '...' "$(printf '%01025d' 0)")
check_output "R26: these are sixty" 60 echo "${#bad_ids[@]}"
verbs=(create run start state delete pause resume ps kill 'events --stats' 'update --pids-limit 1' exec)
refused_by_all() { # ID: every verb says so, in one line each
    local verb
    for verb in "${verbs[@]}"; do
        # shellcheck disable=SC2086 # verbs have options
        case $verb in
            exec) set -- "$1" true ;;
            *) set -- "$1" ;;
        esac
        # shellcheck disable=SC2086
        "$RUNTIME" --root "$state_root" $verb -- "$@" </dev/null >/dev/null 2>>refusals && echo "$verb accepts it"
    done
    grep -c 'invalid container ID format' refusals
    rm refusals
}
if is_ocirun; then
    cd b || exit 1 # create and run find a bundle
    for id in "${bad_ids[@]}"; do
        check_output "R26: $(printf '%.30q' "$id") is refused by every verb" "${#verbs[@]}" refused_by_all "$id"
    done
    cd .. || exit 1
    check_output "R26: nothing was made in the state root" '' ls -A "$state_root"
    check_output "R26: nothing was made or removed beside it" kept cat "$test_dir/beside/file"
fi
assert_nothing_left
finish
