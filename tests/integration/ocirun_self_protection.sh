#!/bin/bash
# The runtime's own binary stays as it is, whatever a container with every capability does to the
# processes of the runtime that it can see (CVE-2019-5736).
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

# A copy of the runtime, so that a success of the attack harms nothing.
mkdir program
cp "$RUNTIME" program/runtime
RUNTIME=$test_dir/program/runtime
before=$(sha256sum <"$RUNTIME")
unchanged() { [ "$(sha256sum <"$RUNTIME")" = "$before" ]; }

every_capability='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_DAC_READ_SEARCH","CAP_FOWNER","CAP_KILL","CAP_SYS_ADMIN","CAP_SYS_PTRACE","CAP_MKNOD"]'
privileged=".process.capabilities |= (.bounding = $every_capability | .permitted = $every_capability | .effective = $every_capability)
    | .process.noNewPrivileges = false | del(.linux.seccomp) | .linux.maskedPaths = [] | .linux.readonlyPaths = []"

# --- a waiting init, seen from a privileged neighbour in the same pid namespace ---------------------
make_bundle waiting sh -c 'exit 0'
check "R03: a container waits for start" rt create -b waiting --pid-file "$test_dir/pid" waiting
init=$(cat pid)
check_match "R03: its init still is the runtime" 'runtime|ocirun' readlink "/proc/$init/exe"
check_not "R03: the host's root cannot write to it" sh -c "echo evil >>/proc/$init/exe"

make_bundle neighbour sh -c '
    readlink /proc/1/exe || grep -i cap /proc/self/status
    (: </proc/1/exe) || exit 1
    exec 7</proc/1/exe
    (echo evil >>/proc/1/exe) 2>/dev/null && echo "written by /proc/1/exe"
    (echo evil >/proc/self/fd/7) 2>/dev/null && echo "written by the descriptor"
    mount -o remount,rw,bind /proc/1/exe 2>/dev/null && echo "made writable"
    mount -o bind /proc/1/exe /mnt/file 2>/dev/null && (echo evil >>/mnt/file) 2>/dev/null && echo "written by a bind mount"
    kill -9 1
    (echo evil >/proc/self/fd/7) 2>/dev/null && echo "written after its end"
    exit 0'
touch neighbour/rootfs/mnt/file 2>/dev/null || { mkdir -p neighbour/rootfs/mnt && touch neighbour/rootfs/mnt/file; }
edit_config neighbour "$privileged | .linux.namespaces |= map(if .type == \"pid\" then .path = \"/proc/$init/ns/pid\" else . end)"
rt run -b neighbour neighbour >seen 2>&1 </dev/null
if grep -Eq 'written|made writable' seen; then
    failed "a neighbour with every capability writes nothing" "$(cat seen)"
else
    passed "a neighbour with every capability writes nothing"
fi
check_match "R03: and it did see the runtime" 'runtime|ocirun' cat seen
check "R03: the binary is unchanged" unchanged
rt delete --force waiting >/dev/null 2>&1

# --- exec, while the container attacks every process that appears ---------------------------------
make_bundle attacker sh -c '
    while :; do
        for process in /proc/[0-9]*; do
            [ "$process" = /proc/1 ] && continue
            (echo evil >>"$process/exe") 2>/dev/null && echo "$process" >>/written
        done
    done'
edit_config attacker "$privileged"
printf '#!/proc/self/exe\n' >attacker/rootfs/bin/shebang
chmod 755 attacker/rootfs/bin/shebang
# A file of the container that is written through exe of its own short-lived processes would count too:
# only the runtime's binary matters here.
check "R03: a container that attacks" rt run -d -b attacker attacker
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    rt exec attacker true >/dev/null 2>&1
    rt exec attacker /bin/shebang >/dev/null 2>&1
done
check "R03: the binary is unchanged after forty processes" unchanged
check "R03: the runtime still works" rt state attacker
rt delete --force attacker >/dev/null 2>&1
assert_nothing_left "nothing is left of the attackers"
finish
