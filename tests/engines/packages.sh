#!/bin/bash
# The Debian packages: made by cpack, installed into a clean Debian, where the demo runs with what they bring.
#
#   packages.sh [BUILD_DIRECTORY]
set -u
here=$(cd "$(dirname "$0")" && pwd)
OCI_BUILD=$(realpath "${1:-${OCI_BUILD:-$here/../../build/test}}")
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
[ "$(id -u)" -eq 0 ] || skip_all "a clean root directory needs root"
for program in cpack dpkg-deb dpkg-shlibdeps mmdebstrap; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
done
unshare --mount --pid --fork true 2>/dev/null || skip_all "this machine forbids new namespaces"
work=$(mktemp -d "${TMPDIR:-/var/tmp}/oci-packages.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
test_captures=$work/captures
mkdir "$test_captures" "$work/root"
cd "$work" || exit 1

# --- the packages ----------------------------------------------------------------------------------
check "cpack makes packages" cpack -G DEB --config "$OCI_BUILD/CPackConfig.cmake" -B "$work/packages"
if [ "$tests_failed" -gt 0 ]; then finish; fi
ocirun_package=$(echo packages/ocirun_*.deb) ocimg_package=$(echo packages/ocimg_*.deb)
has() { dpkg-deb --contents "$1" | awk '{print $6}' | grep -qx "./$2"; }
for file in usr/bin/ocirun usr/share/man/man8/ocirun.8 usr/share/man/man8/ocirun-create.8 etc/containers/containers.conf.d/ocirun.conf \
    usr/share/bash-completion/completions/ocirun usr/share/zsh/vendor-completions/_ocirun \
    usr/share/fish/vendor_completions.d/ocirun.fish usr/share/doc/ocirun/copyright usr/share/doc/ocirun/examples/daemon.json \
    usr/share/doc/ocirun/examples/containerd-config.toml; do
    check "ocirun has $file" has "$ocirun_package" "$file"
done
for file in usr/bin/ocimg usr/share/man/man1/ocimg.1 usr/share/man/man1/ocimg-build.1 usr/share/bash-completion/completions/ocimg \
    usr/share/doc/ocimg/examples/demo.sh usr/share/ocimg/schema/build-file.schema.json; do
    check "ocimg has $file" has "$ocimg_package" "$file"
done
check_output "nothing of one is in the other" "" sh -c "dpkg-deb --contents $ocirun_package | grep ocimg; dpkg-deb --contents $ocimg_package | awk '{print \$6}' | grep ocirun; true"
check_output "the drop-in is configuration, kept when it was changed" /etc/containers/containers.conf.d/ocirun.conf dpkg-deb --info "$ocirun_package" conffiles
check_match "ocimg's libraries are dependencies" 'libssl3.*libzstd1' dpkg-deb --field "$ocimg_package" Depends
check_output "ocirun has none" "" dpkg-deb --field "$ocirun_package" Depends

# --- a clean root ----------------------------------------------------------------------------------
# Only what the packages depend on, and busybox for the demo's image. Kept by the list of these.
cache=${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}
needed=$(dpkg-deb --field "$ocimg_package" Depends | sed 's/([^)]*)//g; s/ //g'),busybox-static
base=$cache/packages-base-$(sha256sum <<<"$needed" | head -c 12).tar
mkdir -p "$cache"
(
    flock 9
    [ -s "$base" ] && exit 0
    rm -f "$cache"/packages-base-*.tar
    mmdebstrap --quiet --variant=minbase --format=tar --include="$needed" bookworm "$base.new" >mmdebstrap.log 2>&1 9>&- && mv "$base.new" "$base"
) 9>"$cache/packages-base.lock" || { tail -n 5 mmdebstrap.log; skip_all "mmdebstrap cannot make a clean Debian: no mirror"; }
tar -C root -xf "$base"
cp packages/*.deb root/tmp/
inside() { # COMMAND...: in the clean root, with namespaces of its own
    unshare --mount --pid --fork --kill-child --propagation private -- bash -c '
        root=$1; shift
        mount --bind "$root" "$root" && mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" &&
            cd "$root" && pivot_root . . && umount --lazy . && cd / || exit 1
        export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb
        exec "$@"' enter "$work/root" "$@"
}
check "dpkg installs both, with nothing missing" inside sh -c 'dpkg --install /tmp/*.deb'
check_match "they are installed" '^ii +ocirun' inside dpkg --list ocirun ocimg
check_match "ocirun is in PATH" '^ocirun version' inside ocirun --version
check_match "ocimg is in PATH" '^ocimg version' inside ocimg --version
check_output "dpkg --verify finds them as they were packed" "" inside dpkg --verify ocirun ocimg
check_match "the demo runs with the installed programs" '^Hello from .*, process 1 of this container, running as root$' \
    inside sh -c 'cd /root && bash /usr/share/doc/ocimg/examples/demo.sh --installed'
check_match "the completion of bash loads" 'ocirun' inside bash -c '. /usr/share/bash-completion/completions/ocirun && complete -p ocirun'
check "ocirun features needs nothing else" inside ocirun features
check_match "info names what is missing" '.' inside ocirun info
check "removing leaves the configuration" inside sh -c 'dpkg --remove ocirun ocimg && test -e /etc/containers/containers.conf.d/ocirun.conf && test ! -e /usr/bin/ocirun'
check "purging does not" inside sh -c 'dpkg --purge ocirun ocimg && test ! -e /etc/containers/containers.conf.d/ocirun.conf'
finish
