#!/bin/bash
# ocimg build of YAML build files, for several platforms, with --squash and --check.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
check "the base image is made" make_base_image base:1

# --- several images in one file ----------------------------------------------------------------------------

mkdir -p many/parts
cat >many/parts/common.yaml <<'END'
version: 1
images:
  common:
    stages:
      - from: base:1
        steps:
          - run: echo common > /common
END
cat >many/images.yaml <<'END'
version: 1
include: [parts/common.yaml]
arguments:
  - {name: GREETING, default: hello}
images:
  last:
    stages:
      - from: scratch
        steps:
          - copy: {from: middle:2, sources: [/made], to: /}
  middle:2:
    stages:
      - from: common
        name: build
        steps:
          - arg: [GREETING]
          - workdir: /srv
          - copy: {sources: [input], to: ./}
          - run:
              command: cat input /run/secrets/s > /made && echo $GREETING >> /made
              mounts:
                - {type: secret, id: s, required: true}
          - env: {A: b}
          - cmd: [cat, /made]
  unrelated:
    stages:
      - from: scratch
        steps: [{copy: {sources: [input], to: /}}]
END
echo given >many/input
printf secret >secret.txt
check "a build file builds all of its images" build -f many/images.yaml --secret id=s,src=secret.txt --metadata-file all.json many
check_output "in the order in which they need each other" "given
secrethello" file_of last:latest made
check_output "a name in the file is one in the store" '["cat","/made"]' image_config middle:2 .config.Cmd
check_output "all of them are in --metadata-file" "docker.io/library/last:latest docker.io/library/middle:2" jq -r '[.[]."image.name" | select(test("last|middle"))] | sort | join(" ")' all.json
rm -rf "$OCIMG_STORE" && check "a store with the base image alone" make_base_image base:1
check "--only" build -f many/images.yaml --only last --build-arg GREETING=bye -t own:name --secret id=s,src=secret.txt many
check_output "builds what it needs" secretbye bash -c "tail -n 1 '$(unpacked own:name)/made'"
check_output "and nothing else" "" digest_of unrelated:latest
check_output "under the name of --tag" "" digest_of last:latest
check_fails "--tag with several images" 1 "choose with --only" build -f many/images.yaml -t x:1 many
check_fails "an image that is not in the file" 1 'there is no image "absent": the build file has' build -f many/images.yaml --only absent many
echo FROM scratch >same.Dockerfile
check_fails "--only with a Dockerfile" 1 "--only works with a build file" build -f same.Dockerfile --only x many
printf 'images:\n  a:\n    stages: [{from: b}]\n  b:\n    stages: [{from: a}]\n' >many/circle.yaml
check_fails "images that need each other" 1 "needs itself" build -f many/circle.yaml many
printf 'images:\n  a:\n    stages:\n      - from: scratch\n        steps:\n          - cpoy: {sources: [a], to: b}\n' >many/wrong.yaml
check_fails "an error shows its place" 1 "many/wrong.yaml:6:" build -f many/wrong.yaml many
write_context same <<'END'
FROM base:1
COPY a /a
RUN --mount=type=cache,target=/c cat /a > /b
LABEL x=y
END
echo a >same/a
check "a Dockerfile" build -t same:1 same
"$ocimg" convert --name same same/Dockerfile >same/same.yaml
check "the build file that convert makes of it" build -f same/same.yaml -t same:2 same
check_output "gives the same image" "$(digest_of same:1)" digest_of same:2

# --- several platforms ------------------------------------------------------------------------------------

cat >many/platforms.yaml <<'END'
images:
  tool:
    platforms: [linux/amd64, linux/arm64]
    stages:
      - from: base:1
        name: build
        platform: $BUILDPLATFORM
        steps:
          - arg: [TARGETARCH]
          - run: echo for $TARGETARCH > /tool
      - from: scratch
        steps:
          - copy: {from: build, sources: [/tool], to: /}
END
manifests() { jq -c "$2" "$(blob "$(digest_of "$1")")"; }
check "a matrix of platforms" build -f many/platforms.yaml many
check_output "makes an index" '["amd64","arm64"]' manifests tool:latest '[.manifests[].platform.architecture]'
of_platform() { rm -rf u && "$ocimg" unpack --platform "linux/$1" tool:latest u && cat u/rootfs/tool; }
check_output "one image is for amd64" "for amd64" of_platform amd64
check_output "one for arm64" "for arm64" of_platform arm64
check "--platform wins over the file" build -f many/platforms.yaml --platform linux/arm64 -t tool:arm many
check_output "and makes one image" '"arm64"' image_config tool:arm .architecture
printf 'FROM scratch\nARG TARGETPLATFORM\nCOPY <<END /for\n$TARGETPLATFORM\nEND\n' >same/cross
check "--platform with several" build -f same/cross --platform linux/amd64,linux/arm64/v8 --platform linux/riscv64 -t cross:1 same
check_output "makes an index of all" 3 manifests cross:1 '.manifests | length'
check "plain files of several platforms" build -f same/cross --platform linux/amd64,linux/arm64 -o cross same
check_output "have a directory for each" "linux/arm64" cat cross/linux_arm64/for
check_fails "a tar holds one platform" 1 "type=tar holds one platform" build -f same/cross --platform linux/amd64,linux/arm64 -o type=tar,dest=x same
check "a name of an index may become that of an image" build -t cross:1 same

# --- squash -------------------------------------------------------------------------------------------------

write_context squashed <<'END'
FROM base:1
RUN mkdir /d && echo big > /d/gone && echo kept > /d/kept
RUN rm /d/gone /etc/group
RUN ln /d/kept /d/link
END
check "without --squash" build -t layers:1 squashed
check "with --squash" build --squash -t squashed:1 squashed
check_output "one layer stands on those of the base" 2 image_config squashed:1 '.rootfs.diff_ids | length'
check_output "with what is left" "d/ d/kept d/link etc/ etc/.wh.group" bash -c "$(declare -f layer_names blob digest_of); layer_names squashed:1 -1 | sort | tr '\n' ' ' | sed 's/ $//'"
check_output "the files are the same" "" diff -r --no-dereference "$(cp -a "$(unpacked layers:1)" plain && echo plain)" "$(unpacked squashed:1)"
check_output "the history tells of each step" 3 image_config squashed:1 '[.history[].created_by | select(startswith("RUN"))] | length'

# --- check ----------------------------------------------------------------------------------------------------

write_context checked <<'END'
FROM base:1 AS Build
RUN echo $PATH $NOTHING
COPY $UNKNOWN /
CMD run
END
check_match "--check finds what lint finds" "StageNameCasing" build --check checked
check_match "and knows the base image's variables" "UndefinedVar.*UNKNOWN" build --check checked
check_not "nothing is built" grep -q "DONE\|CACHED" "$test_err"
rules() { build --call check,format=json checked | jq -r '[.warnings[].ruleName] | join(" ")'; }
check_output "as JSON" "StageNameCasing UndefinedVar JSONArgsRecommended" rules
check "findings are errors when asked" bash -c "! '$ocimg' build --check --build-arg BUILDKIT_DOCKERFILE_CHECK=error=true checked >/dev/null"
check_fails "an unknown call" 1 "allowed are build, check" build --call outline checked
check_match "of a build file" "platforms.yaml: no warnings" build --check -f many/platforms.yaml many

assert_nothing_left
# --- errors of a plan point to what is wrong ---------------------------------------------------------
points() { # LINE COLUMN TEXT INSTRUCTION: an error at the second line of a file, by build and by its check
    mkdir -p pointed
    printf 'FROM scratch\n%s\n' "$4" >pointed/Dockerfile
    local said call
    for call in build check; do
        said=$("$ocimg" build --call $call --progress plain pointed 2>&1) && { echo "$call succeeds" && return 1; }
        grep -qF "Dockerfile:$1:$2: $3" <<<"$said" && grep -qx ' *| *^' <<<"$said" || { echo "$said" && return 1; }
    done
}
check "a port that is none" points 2 11 '"abc" is no port' 'EXPOSE 80 abc'
check "a variable that does not end" points 2 7 'a ${ has no }' 'ENV A=${B'
check "a signal that is none" points 2 12 '"SIGNONE" is no signal' 'STOPSIGNAL SIGNONE'
check "a variable that must be set" points 2 1 'B: needed' 'ENV A=${B:?needed}'
check "a mode that is none" points 2 23 '"wrong" is no mode' 'COPY --chmod=${UNSET:-wrong} a /'
finish
