#!/bin/bash
# ocimg build: the options of COPY and ADD, what progress looks like, and the upkeep of the cache.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
check "the base image is made" make_base_image base:1
list() { (cd "$1" && find . -mindepth 1 | sort | tr '\n' ' ' | sed 's/ $//'); } # DIRECTORY

# --- COPY ----------------------------------------------------------------------------------------------------

mkdir -p copy/a/b/c copy/x/y
touch copy/a/one.txt copy/a/b/two.txt copy/a/b/c/three.txt copy/a/b/skip.log copy/x/y/four.txt
printf x >copy/run.sh && chmod 640 copy/run.sh
printf y >'copy/[odd] name'
write_context copy <<'END'
FROM base:1
COPY --parents a/one.txt a/b/two.txt /parents/
COPY --parents a/./b/c x/./y/four.txt /pivot/
COPY --parents **/*.txt /stars/
COPY --exclude=**/*.log --exclude=b/c a /exclude/
COPY --chmod=u=rwX,go=rX run.sh a/ /symbolic/
COPY --chmod=a+x run.sh /plus
COPY --chmod=4711 run.sh /octal
COPY a/*.txt x/y/four.tx? /wild/
COPY none* /wild/
COPY ["[[]odd] name", "/odd/"]
COPY a/one.txt /new/deep/file
COPY --chown=1001:29 a /owned/
COPY ../../a/one.txt /clamped
WORKDIR /w
COPY a/one.txt rel
COPY a/one.txt ./
END
check "options of COPY" build -t copy:1 copy
root=$(unpacked copy:1)
check_output "--parents keeps the directories" "./a ./a/b ./a/b/two.txt ./a/one.txt" list "$root/parents"
check_output "from /./ on" "./b ./b/c ./b/c/three.txt ./y ./y/four.txt" list "$root/pivot"
check_output "** is any directories" "./a ./a/b ./a/b/c ./a/b/c/three.txt ./a/b/two.txt ./a/one.txt ./x ./x/y ./x/y/four.txt" list "$root/stars"
check_output "--exclude" "./b ./b/two.txt ./one.txt" list "$root/exclude"
check_output "--chmod in words: files" 644 stat -c %a "$root/symbolic/run.sh"
check_output "and directories" 755 stat -c %a "$root/symbolic/b"
check_output "what is added to what is there" 751 stat -c %a "$root/plus"
check_output "--chmod in digits" 4711 stat -c %a "$root/octal"
check_output "wildcards" "./four.txt ./one.txt" list "$root/wild"
check_output "brackets that are meant" y cat "$root/odd/[odd] name"
check "missing directories are made" test -f "$root/new/deep/file"
check_output "--chown reaches all" "1001:29" stat -c %u:%g "$root/owned/b/c/three.txt"
check "../ stays at the context's root" test -f "$root/clamped"
check_output "relative destinations are below WORKDIR" "./one.txt ./rel" list "$root/w"
printf 'FROM base:1\nCOPY --chmod=10000 run.sh /x\n' >copy/mode
check_fails "a mode of too many digits" 1 "--chmod" build -f copy/mode copy
printf 'FROM base:1\nCOPY a/one.txt x/y/four.txt /file\n' >copy/several
check_fails "several sources need a directory" 1 "must end with /" build -f copy/several copy
mkdir -p wild/directories/one wild/directories/two
echo 1 >wild/w1 && echo 2 >wild/w2 && touch wild/directories/one/a wild/directories/two/b
printf 'FROM base:1\nCOPY w* /target\n' | write_context wild
check_fails "a wildcard that finds several files needs one, too" 1 \
    '"w2" would replace "w1": the destination "/target" of several files must end with /' build wild
printf 'FROM base:1\nADD w* /target\n' | write_context wild
check_fails "with ADD as well" 1 'must end with /' build wild
printf 'FROM base:1\nCOPY w1* /one\nCOPY w* /bin\nCOPY directories/* /merged\n' | write_context wild
check "one file, a directory that is there, and directories do not" build -t wild:1 wild
root=$(unpacked wild:1)
check_output "the file" 1 cat "$root/one"
check_output "files in the directory" 2 cat "$root/bin/w2"
check_output "directories together" "./a ./b" list "$root/merged"
printf 'FROM base:1\nCOPY --chown=nobody-here a /x\n' >copy/owner
check_fails "an owner that the image does not know" 1 "nobody-here" build -f copy/owner copy

write_context dangling <<'END'
FROM base:1
RUN ln -s /target /link
COPY file /link/
RUN --mount=type=bind,target=/in,z --mount=type=cache,target=/c,Z cat /in/file >/read
END
echo content >dangling/file
check "COPY below a link that leads nowhere; z and Z of Buildah" build -t dangling:1 dangling
root=$(unpacked dangling:1)
check_output "makes what it leads to" content cat "$root/target/file"
check_output "the link stays" /target readlink "$root/link"

write_context link <<'END'
FROM base:1
RUN mkdir /real && ln -s /real /way
COPY --link file /way/file
COPY --link --chown=5:6 --chmod=600 file /made/deep/file
END
echo linked >link/file
check "COPY --link" build -t link:1 link
check_output "its layer holds a directory of its own" "way/ way/file" bash -c "$(declare -f layer_names blob digest_of); layer_names link:1 -2 | sort | tr '\n' ' ' | sed 's/ $//'"
root=$(unpacked link:1)
check_output "which takes the place of the link" directory stat -c %F "$root/way"
check_output "options count as ever" "5:6 600" stat -c '%u:%g %a' "$root/made/deep/file"
sed -i 's/mkdir \/real/mkdir -m 700 \/real/' link/Dockerfile
check "with other layers below" build -t link:2 link
check_output "the layer of --link is the same" "$(image_config link:1 '.rootfs.diff_ids[-2:]')" image_config link:2 '.rootfs.diff_ids[-2:]'

mkdir -p add/tree && echo in >add/tree/file && echo plain >add/plain.txt
for kind in tar:- tar.gz:z tar.bz2:j tar.xz:J; do
    flag=${kind#*:}
    tar -c"${flag/-/}"f "add/files.${kind%:*}" -C add/tree file
done
write_context add <<'END'
FROM base:1
ADD files.tar /tar/
ADD files.tar.gz /gz/
ADD files.tar.bz2 /bz2/
ADD files.tar.xz /xz/
ADD --unpack=false files.tar.gz /kept/
ADD plain.txt /plain/
ADD --chown=3:4 files.tar /owned/
END
check "ADD of archives" build -t add:1 add
root=$(unpacked add:1)
for kind in tar gz bz2 xz; do check_output "$kind is unpacked by its content" in cat "$root/$kind/file"; done
check "--unpack=false" test -f "$root/kept/files.tar.gz"
check_output "what is no archive is a file" plain cat "$root/plain/plain.txt"
check_output "--chown of an archive" 3:4 stat -c %u:%g "$root/owned/file"

# --- progress ------------------------------------------------------------------------------------------------

write_context progress <<'END'
FROM base:1 AS a
RUN echo from-a; sleep 0.3
FROM base:1
RUN echo to-stdout; echo to-stderr >&2; printf no-line-end
COPY --from=a /etc/passwd /x
END
as_json() { timeout 60 "$ocimg" build --progress json --runtime "$RUNTIME" --no-cache -t p:1 progress >progress.json 2>progress.err; }
check "--progress json" as_json
check_output "every line is an object" true jq -s 'map(type == "object") | all' progress.json
check_output "steps begin and end" "3 3" jq -rs '[(map(select(.event == "begin")) | length), (map(select(.event == "end" and .outcome == "done")) | length)] | join(" ")' progress.json
check_output "output is there" true jq -s '[.[] | select(.event == "output").data] | add | contains("to-stdout") and contains("to-stderr") and contains("no-line-end")' progress.json
check_output "stages have names" '["1","a"]' jq -cs '[.[] | select(.event == "begin").stage] | unique' progress.json
check "plain" bash -c "'$ocimg' build --progress plain --runtime '$RUNTIME' --no-cache progress 2>plain.log"
check_match "each line with the number of its step" '^#[0-9]+ \| to-stdout$' cat plain.log
check_match "a line without an end, too" '^#[0-9]+ \| no-line-end$' cat plain.log
on_terminal() { script --quiet --return --command "stty cols 60; $ocimg build --runtime $RUNTIME --no-cache -t p:2 progress" /dev/null </dev/null >terminal.log; }
check "on a terminal" on_terminal
check_match "running steps have a line that is drawn again" $'\e\\[' cat terminal.log
check_match "finished ones one with their time" '\[1 1/2\] RUN echo to-stdout.* 0\.[0-9]s' cat terminal.log
not_too_wide() { ! sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' terminal.log | tr '\r' '\n' | grep -qE '^ .{61,}$'; }
check "and fit into it" not_too_wide
check_output "--quiet prints the id alone" "$(image_config p:2 . >/dev/null; jq -r .config.digest "$(blob "$(digest_of p:2)")")" "$ocimg" build --quiet --runtime "$RUNTIME" -t p:2 progress
check_fails "an unknown kind" 1 "allowed are auto, plain, tty, json and quiet" "$ocimg" build --progress loud progress

# --- the cache -------------------------------------------------------------------------------------------------

rm -rf "$OCIMG_CACHE"
printf 'FROM base:1\nRUN --mount=type=cache,target=/c echo x > /c/kept && echo y > /made\nCOPY file /f\n' >link/cached
check "a build with a cache mount" build -f link/cached link
check_output "cache ls shows steps and mounts" '["mount","step","step"]' bash -c "'$ocimg' cache ls --json | jq -c '[.[].kind] | sort'"
check_match "for people, too" "3 entries, [0-9]+ bytes" "$ocimg" cache ls
check_output "prune --older-than leaves what is young" 0 bash -c "'$ocimg' cache prune --older-than 1h --json | jq length"
check_output "prune removes all" 3 bash -c "'$ocimg' cache prune --json | jq length"
check_output "nothing is left" "[]" bash -c "'$ocimg' cache ls --json | jq -c ."
check_output "not even a directory" "" bash -c "ls '$OCIMG_CACHE'/build/steps '$OCIMG_CACHE'/build/layers '$OCIMG_CACHE'/build/mounts | grep -v -e : -e '^\$'; true"
check "a build afterwards" build -f link/cached -t after:1 link
check_output "does it all again" y file_of after:1 made
printf 'FROM base:1\nRUN sleep 3\n' >link/slow
"$ocimg" build --progress quiet --runtime "$RUNTIME" -f link/slow link &
expect_process $!
in_step() { pgrep -f 'sleep 3' >/dev/null; }
check "beside a running build" wait_until 20 in_step
check_fails "prune refuses" 1 "a build is running" "$ocimg" cache prune
wait
check_fails "an unknown verb" 1 "allowed are ls and prune" "$ocimg" cache clean

assert_nothing_left
finish
