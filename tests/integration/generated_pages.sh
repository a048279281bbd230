#!/bin/bash
# Man pages and completions under docs/ are made from the programs' own tables: what is committed must be
# what the programs write today. To renew: PROGRAM generate --dir docs
set -u
. "$(dirname "$0")/../support/shell_test.sh"
source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
OCI_BUILD=$(cd "$OCI_BUILD" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

for program in ocirun ocimg; do
    mkdir "made-$program"
    check "$program writes its pages" "$OCI_BUILD/$program" generate --dir "made-$program"
    (cd "made-$program" && find . -type f) | sort >"list-$program"
    check "$program writes man pages and completions" grep -q "man/$program" "list-$program"
    while read -r page; do
        check "docs/${page#./} is up to date" cmp "made-$program/$page" "$source_tree/docs/$page"
    done <"list-$program"
done
cat list-ocirun list-ocimg | sort >made
(cd "$source_tree/docs" && find ./man ./completion -type f) | sort >committed
check "no page is left over from a command that is gone" diff made committed
finish
