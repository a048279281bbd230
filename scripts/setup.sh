#!/bin/bash
# Installs the Debian packages this project needs and which are missing; installs nothing else.
#
#   scripts/setup.sh            what building and the demo need (scripts/packages.debian)
#   scripts/setup.sh --tests    what the tests need as well (scripts/packages-test.debian)
set -euo pipefail
cd "$(dirname "$0")/.."

lists=(scripts/packages.debian)
case "${1:-}" in
    '') ;;
    --tests) lists+=(scripts/packages-test.debian) ;;
    *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian system; install the equivalents of these yourself:" >&2
    grep -hv '^#' "${lists[@]}" >&2
    exit 1
fi

missing=()
for package in $(grep -hv '^#' "${lists[@]}"); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "setup: every package of ${lists[*]} is installed"
    exit 0
fi

echo "setup: these packages are missing: ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
    echo "setup: only root may install them: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi

# docker.io's package scripts would start its daemon; the tests start one of their own, so a policy
# file says no for as long as the installation lasts.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 0755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
for attempt in 1 2 3; do  # a mirror may fail for a moment
    echo "setup: apt-get update and apt-get install --no-install-recommends ${missing[*]} (attempt $attempt)"
    if apt-get -q -o Acquire::Retries=3 update </dev/null &&
        apt-get -q -o Acquire::Retries=3 install -y --no-install-recommends "${missing[@]}" </dev/null; then
        echo "setup: installed ${missing[*]}"
        exit 0
    fi
done
echo "setup: could not install ${missing[*]}; see the messages of apt-get above" >&2
exit 1
