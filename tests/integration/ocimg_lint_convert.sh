#!/bin/bash
# ocimg lint and ocimg convert on real files: what they print, their exit codes, and the shipped schema.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"

command -v python3 >/dev/null || skip_all "python3 is not installed"
python3 -c 'import yaml, jsonschema' 2>/dev/null || skip_all "python3-yaml or python3-jsonschema is not installed"
ocimg=$(realpath "$OCI_BUILD/ocimg") || exit 1
project=$(realpath "$here/../..")
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oci-test.XXXXXX")
trap 'rm -rf --one-file-system "$test_dir"' EXIT
cd "$test_dir" || exit 1

# --- convert: every Dockerfile of the golden tests gives YAML that the schema accepts ---
mkdir yaml
refused=0
for file in "$project"/tests/golden/dockerfile/*.Dockerfile; do
    name=$(basename "$file" .Dockerfile)
    "$ocimg" convert --name "$name" "$file" >"yaml/$name.yaml" 2>/dev/null && continue
    rm "yaml/$name.yaml"
    case $name in
        bad-*) ;;
        *) refused=$((refused + 1)) ;;
    esac
done
if [ $refused -eq 0 ]; then passed "every good file is converted"; else failed "$refused good files are refused"; fi
problems=$(python3 - "$project/docs/schema/build-file.schema.json" yaml/*.yaml <<'PYTHON'
import json, sys, jsonschema, yaml
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in sys.argv[2:]:
    for error in validator.iter_errors(yaml.safe_load(open(path))):
        print(path, list(error.absolute_path), error.message[:200])
if len(sys.argv) < 42:
    print("only", len(sys.argv) - 2, "files")
PYTHON
)
if [ -z "$problems" ]; then passed "the schema accepts what convert writes"; else failed "the schema" "$problems"; fi

# --- lint ---
printf 'FROM debian AS Build\nCOPY secret /\nCMD run\n' >Dockerfile
printf 'secret\n' >.dockerignore
text=$("$ocimg" lint)
status=$?
if [ $status -eq 0 ] && grep -q '^./Dockerfile:1:16: StageNameCasing: ' <<<"$text" &&
    grep -q '^./Dockerfile:2:6: CopyIgnoredFile: ' <<<"$text" && grep -q '^./Dockerfile:3:1: JSONArgsRecommended: ' <<<"$text" &&
    grep -q '3 warnings$' <<<"$text"; then passed "findings are shown with their lines"; else failed "lint" "$text"; fi
rules=$("$ocimg" lint --format json | python3 -c 'import json, sys; print(*[w["ruleName"] for w in json.load(sys.stdin)["warnings"]])')
if [ "$rules" = "StageNameCasing CopyIgnoredFile JSONArgsRecommended" ]; then passed "JSON has the same findings"; else failed "JSON" "$rules"; fi
"$ocimg" lint --build-arg BUILDKIT_DOCKERFILE_CHECK=error=true >/dev/null
if [ $? -eq 1 ]; then passed "findings are errors when asked"; else failed "error=true"; fi
"$ocimg" lint --build-arg 'BUILDKIT_DOCKERFILE_CHECK=error=true;skip=all' >/dev/null
if [ $? -eq 0 ]; then passed "rules can be left out"; else failed "skip=all"; fi
printf 'FROM a\nCPOY a b\n' >Dockerfile
message=$("$ocimg" lint 2>&1)
if [ $? -eq 1 ] && grep -q 'Dockerfile:2:1: unknown instruction "CPOY" (did you mean COPY?)' <<<"$message" &&
    grep -q '^     | ^$' <<<"$message"; then passed "syntax errors have a caret"; else failed "syntax error" "$message"; fi

# The example of docs/build-file.md, out of the page, with a file for its include.
sed -n '/^```yaml/,/^```$/p' "$project/docs/build-file.md" | grep -v '^```' >build.yaml
printf 'images: {base: {stages: [{from: debian, steps: [{cmd: run}]}]}}\n' >base.yaml
text=$("$ocimg" lint -f build.yaml 2>&1)
if [ $? -eq 0 ] && grep -q '^base.yaml:1:1: JSONArgsRecommended: ' <<<"$text" && grep -q '^build.yaml: ' <<<"$text"
then passed "a build file and what it includes are read"; else failed "build file" "$text"; fi
printf 'images: {a: {stages: [{from: x, steps: [{cpoy: y}]}]}}\n' >build.yaml
text=$("$ocimg" lint -f build.yaml 2>&1)
if [ $? -eq 1 ] && grep -q '^.*build.yaml:1:48: "cpoy" is no key of a step (did you mean copy?)' <<<"$text"
then passed "errors of a build file have line and column"; else failed "bad build file" "$text"; fi

# B10: an ignore file that is a link is looked up inside the context; nothing of another file shows.
printf 'FROM a\nCOPY x y\n' >Dockerfile
echo 'CANARY[' >outside
mkdir context && cp Dockerfile context/ && ln -s "$test_dir/outside" context/.dockerignore
message=$("$ocimg" lint context 2>&1)
if ! grep -q CANARY <<<"$message"; then passed "B10: a link to a file outside is not followed"; else failed "B10" "$message"; fi

finish
