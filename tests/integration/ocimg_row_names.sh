#!/bin/bash
# Every row of the catalogues of attacks on builds (B01 to B18), on images (I01 to I24) and on registry clients (N01 to N13),
# and of faults of the image tool (M01 to M19), has a test whose name begins with it; what each is called is printed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"

# names_of ROW: as in TEST_F(AttackRows, I05_attributes...) and check "I09: ...".
names_of() {
    grep -rhoE "^TEST(_F|_P)?\([A-Za-z]+, $1_[a-z0-9_A-Z]+" "$here/../unit/imagetool" | sed 's/^[^,]*, //'
    grep -hoE "(finding|users_file|refused|check[a-z_]*) \"$1: [^\"]*" "$here"/ocimg_*.sh | sed 's/^[^"]*"//'
}
rows="$(seq -f 'B%02g' 1 18) $(seq -f 'I%02g' 1 24) $(seq -f 'N%02g' 1 13) $(seq -f 'M%02g' 1 19)"
for row in $rows; do
    names_of "$row" | sort -u >"${TMPDIR:-/tmp}/rows.$$"
    count=$(wc -l <"${TMPDIR:-/tmp}/rows.$$")
    if [ "$count" -gt 0 ]; then
        passed "$row has $count: $(head -1 "${TMPDIR:-/tmp}/rows.$$")"
    else
        failed "$row has no test"
    fi
done
rm -f "${TMPDIR:-/tmp}/rows.$$"
for row in B19 I25 N14 M20; do check "there is no row $row among them" test -z "$(names_of $row)"; done
finish
