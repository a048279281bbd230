#!/bin/bash
# The engine tests with runc first and with ocirun second: what runc fails here is a limit of this machine,
# and anything that ocirun fails and runc passes is ocirun's fault.
#
#   compare.sh [--again] [BUILD_DIRECTORY] [GROUP...]      for example: compare.sh build/test podman docker
#
# runc's results are kept in the test cache by the script's content and runc's version; --again asks anew.
set -u
here=$(cd "$(dirname "$0")" && pwd)
again=
if [ "${1:-}" = --again ]; then again=yes; shift; fi
build=$(realpath "${1:-$here/../../build/test}")
shift
groups=("$@")
if [ ${#groups[@]} -eq 0 ]; then
    for script in "$here"/*.sh; do
        name=$(basename "$script" .sh)
        case $name in compare | packages | errors | vm) ;; *) groups+=("$name") ;; esac
    done
fi
runc=${OCI_TEST_RUNC:-$(command -v runc || true)}
[ -x "$runc" ] || { echo "skipped: runc is not installed"; exit 77; }
cache=${OCI_TEST_CACHE:-/var/cache/oci-tools-tests}/engines-runc
mkdir -p "$cache" && work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

verdicts() { sed -nE 's/^(ok|not ok|skip)( +)- (.*)/\1|\3/p' "$1" | sed -E 's/^(skip\|[^:]*):.*/\1/'; }
worst=0
for group in "${groups[@]}"; do
    key=$({ "$runc" --version; uname -r; cat "$here/$group.sh" "$here"/../support/{engine,docker,podman,shell_test}.sh; } | sha256sum | head -c 16)
    kept=$cache/$group-$key
    if [ -n "$again" ] || [ ! -s "$kept" ]; then
        printf 'compare: %s with runc\n' "$group"
        RUNTIME=$runc bash "$here/$group.sh" "$build" >"$work/runc" 2>&1 </dev/null
        mv "$work/runc" "$kept"
    fi
    printf 'compare: %s with ocirun\n' "$group"
    RUNTIME=$build/ocirun bash "$here/$group.sh" "$build" >"$work/ocirun" 2>&1 </dev/null
    verdicts "$kept" >"$work/a"
    verdicts "$work/ocirun" >"$work/b"
    awk -F'|' -v group="$group" '
        NR == FNR { runc[$2] = $1; next }
        { seen[$2] = 1; ++count[$1]; was = ($2 in runc) ? runc[$2] : "not run" }
        $1 == "not ok" && was == "not ok" { print "  limit of this machine (both fail): " $2; next }
        $1 == "not ok" { print "  OCIRUN FAILS (runc: " was "): " $2; bad = 1; next }
        $1 == "ok" && was == "not ok" { print "  runc fails, ocirun passes: " $2; next }
        $1 == "ok" && was != "ok" { print "  only with ocirun (runc: " was "): " $2; next }
        $1 == "skip" && was == "ok" { print "  OCIRUN SKIPS what runc passes: " $2; bad = 1 }
        END {
            for (name in runc) if (runc[name] == "not ok" && !(name in seen)) print "  runc fails, ocirun does not ask: " name
            printf "%s: ocirun %d passed, %d failed, %d skipped\n", group, count["ok"], count["not ok"], count["skip"]
            exit bad
        }' "$work/a" "$work/b" || worst=1
    [ -s "$work/b" ] || { cat "$work/ocirun"; grep -q '^skipped:' "$work/ocirun" || worst=1; }
done
exit $worst
