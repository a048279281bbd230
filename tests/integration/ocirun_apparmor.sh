#!/bin/bash
# process.apparmorProfile on a kernel with AppArmor: in force for the container and for exec, on top of the
# runtime's own profile where that is confined itself. Elsewhere it is skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || skip_all "AppArmor is not enabled on this machine"
[ -d /sys/kernel/security/apparmor ] || mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
command -v apparmor_parser >/dev/null || skip_all "apparmor_parser is not installed"
test_programs="jq busybox" # what the machine with AppArmor has
enter_sandbox "$@"

cat >profiles <<'P'
profile oci-test-container flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount, umount, pivot_root, ptrace, signal, unix,
  deny /secret r,
}
profile oci-test-runtime flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount, umount, remount, pivot_root, ptrace, signal, unix,
  change_profile,
  deny /other-secret r,
}
P
apparmor_parser --replace --skip-cache profiles 2>parser.err || skip_all "the profiles cannot be loaded: $(cat parser.err)"
unload() {
    apparmor_parser --remove profiles 2>/dev/null
    leave_sandbox
}
trap unload EXIT

make_bundle b cat /proc/self/attr/current
echo s >b/rootfs/secret
echo s >b/rootfs/other-secret
edit_config b '.process.apparmorProfile = "oci-test-container" | .linux.maskedPaths = []'
check_output "the program has the profile" "oci-test-container (enforce)" rt run -b b one
set_args b cat /secret
check_fails "which forbids" any "Permission denied" rt run -b b one
set_args b sleep 1000
check "a container" rt run --detach -b b one
check_output "exec has it too" "oci-test-container (enforce)" rt exec one cat /proc/self/attr/current
check_output "or another" "oci-test-runtime (enforce)" rt exec --apparmor oci-test-runtime one cat /proc/self/attr/current
check "delete" rt delete --force one
edit_config b '.process.apparmorProfile = "oci-test-no-such-profile"'
check_fails "a profile that is not loaded" 1 "process.apparmorProfile" rt run -b b one

# A runtime that is confined itself: with no_new_privs the kernel lets it only add to its own profile.
confined() { aa-exec -p oci-test-runtime -- "$RUNTIME" --root "$state_root" "$@"; }
command -v aa-exec >/dev/null || { skip "stacking" "aa-exec is not installed" && finish; }
set_args b cat /proc/self/attr/current
edit_config b '.process.apparmorProfile = "oci-test-container" | .process.noNewPrivileges = true'
check_match "with no_new_privs the profile is stacked on the runtime's" '^oci-test-(container//&oci-test-runtime|runtime//&oci-test-container) \(enforce\)$' confined run -b b one
set_args b cat /secret
check_fails "the container's holds" any "Permission denied" confined run -b b one
set_args b cat /other-secret
check_fails "and the runtime's" any "Permission denied" confined run -b b one
edit_config b '.process.noNewPrivileges = false'
set_args b cat /proc/self/attr/current
check_output "without no_new_privs it takes the runtime's place" "oci-test-container (enforce)" confined run -b b one
assert_nothing_left
finish
