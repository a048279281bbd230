#!/bin/bash
# ocimg build with hostile Dockerfiles, contexts, stages and archives: nothing outside is read or changed.
# Each check names the class of attack it is about; a canary outside the context shows what got out.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
check "the base image is made" make_base_image base:1

canary=$test_dir/canary
mkdir "$canary"
echo "CANARY-CONTENT" >"$canary/secret"
describe_canary() { (cd "$canary" && find . -printf '%p %y %m %u %s\n' | sort && cat secret); }
before=$(describe_canary)
canary_lives() { [ "$(describe_canary)" = "$before" ]; }
nowhere() { ! grep -rqa -e "$1" "$OCIMG_STORE" "$OCIMG_CACHE" "$test_out" "$test_err"; } # TEXT

write_context links <<END
FROM base:1 AS evil
RUN ln -s / /l && ln -s $canary /c && ln -s ../../../../../../../../..$canary /up
FROM base:1
RUN --mount=type=bind,from=evil,source=/l,target=/m,rw touch /m/oci-touched && test -e /m/l
COPY --from=evil /l/etc/passwd /copied
END
check "B01: a link to / as source of a mount means the stage's own root" build -t links:1 links
check_not "B01: nothing was touched outside" test -e /oci-touched
for link in c up; do
    printf 'FROM base:1 AS evil\nRUN ln -s / /l && ln -s %s /c && ln -s ../../../..%s /up\nFROM base:1\nRUN --mount=type=bind,from=evil,source=/%s,target=/m cat /m/secret\n' \
        "$canary" "$canary" "$link" >links/mount
    check_fails "B01: a link out of the stage leads nowhere ($link)" 1 "is not in stage evil" build -f links/mount links
done
printf 'FROM base:1\nRUN --mount=type=cache,id=x,from=base:1,source=../../../../..%s,target=/m cat /m/secret\n' "$canary" >links/mount
check_fails "B02: a cache's source stays in its image" 1 "is not in image" build -f links/mount links

mkdir -p race/src
echo inside >race/src/file
ln -s "$canary" race/evil
printf 'FROM base:1\nRUN --mount=type=bind,source=src,target=/m ! test -e /m/secret\n' >race/Dockerfile
printf 'import ctypes, sys\nlibc = ctypes.CDLL(None)\nwhile True:\n    libc.renameat2(-100, b"race/src", -100, b"race/evil", 2)\n' >swap.py
python3 swap.py &
swapper=$!
race() {
    local i
    for i in $(seq 12); do build --no-cache race >race.log 2>&1 || grep -q -e "is not in the build context" -e "changed" -e "ENOTDIR\|not a directory\|too many levels" race.log || return 1; done
}
check "B04: a source that is exchanged for a link is never followed out" race
kill $swapper
wait $swapper 2>/dev/null

write_context stub <<END
FROM base:1
RUN --mount=type=secret,id=s,target=/a/b/c mv /a /moved 2>/dev/null; rm -rf /a 2>/dev/null; ln -s $canary /a 2>/dev/null; true
RUN rm -rf /run; ln -s $canary /run; true
RUN --mount=type=secret,id=s,target=/etc/x/secret mv /etc/x /etc/y; ln -s $canary /etc/x; true
END
echo of-the-step >step.secret
check "B05: places of mounts that are moved and replaced by links" build --secret id=s,src=step.secret -t stub:1 stub
check "B05: the canary lives" canary_lives

printf 'FROM base:1\nRUN --security=none true\n' >stub/security
check_not "B06: an unknown security mode is refused" build -f stub/security stub

mkdir tar-context
ln -s "$canary/secret" tar-context/Dockerfile
tar -cf hostile.tar -C tar-context Dockerfile
from_stdin() { timeout 60 "$ocimg" build --progress plain --runtime "$RUNTIME" "$@" - <"$input"; }
input=hostile.tar check_not "B07: a Dockerfile in a tar that is a link out" from_stdin
check "B07: its content is not told" nowhere CANARY-CONTENT
python3 - "$canary" <<'END'
import io, sys, tarfile
with tarfile.open("escape.tar", "w") as t:
    def add(name, kind=tarfile.REGTYPE, link="", data=b""):
        e = tarfile.TarInfo(name); e.type = kind; e.linkname = link; e.size = len(data); t.addfile(e, io.BytesIO(data))
    add("Dockerfile", data=b"FROM base:1\nCOPY . /x\n")
    add("out", tarfile.SYMTYPE, sys.argv[1])
    add("out/planted", data=b"x")
    add("../../planted", data=b"x")
    add(sys.argv[1] + "/planted", data=b"x")
END
input=escape.tar check "B07: a tar that writes through links and dots" from_stdin -t escape:1
check "B07: nothing is planted outside" canary_lives
input=escape.tar check_not "B07: --file may not leave a context either" from_stdin -f ../../canary/secret/x
printf 'FROM base:1\nRUN echo from-stdin > /made\n' >dockerfile.txt
input=dockerfile.txt check "a Dockerfile on standard input" from_stdin -t stdin:1
check_output "builds with an empty context" from-stdin file_of stdin:1 made

mkdir -p ignore
printf 'FROM base:1\nCOPY . /x\n' >ignore/Dockerfile
ln -s "$canary/secret" ignore/.dockerignore
check "B10: an ignore file that is a link out is not followed" build -t ignore:1 ignore
check "B10: its content is nowhere" nowhere CANARY-CONTENT

for source in ../canary/secret "$canary/secret" ../../../../../../..$canary/secret 'x/../../canary/secret'; do
    printf 'FROM base:1\nCOPY %s /x\n' "$source" >links/copy
    check_fails "B13: COPY $source stays in the context" 1 "is not in the build context" build -f links/copy links
done
ln -s "$canary" links/out
printf 'FROM base:1\nCOPY out/secret /x\n' >links/copy
check_fails "B13: COPY through a link out of the context" 1 "is not in the build context" build -f links/copy links

python3 - "$canary" <<'END'
import io, sys, tarfile
with tarfile.open("links/add.tar", "w") as t:
    def add(name, kind=tarfile.REGTYPE, link="", data=b""):
        e = tarfile.TarInfo(name); e.type = kind; e.linkname = link; e.size = len(data); e.mode = 0o755; t.addfile(e, io.BytesIO(data))
    add("usr", tarfile.DIRTYPE); add("usr/lib", tarfile.DIRTYPE); add("lib", tarfile.SYMTYPE, "/usr/lib"); add("lib/file", data=b"legal\n")
    add("evil", tarfile.SYMTYPE, sys.argv[1]); add("evil/planted", data=b"x"); add("../../../planted", data=b"x")
END
printf 'FROM scratch\nADD add.tar /\n' >links/add
check "B12: ADD of an archive with absolute links" build -f links/add -t add:1 links
check_output "B12: they lead inside the image" legal file_of add:1 usr/lib/file
check "B12: and not out of it" canary_lives

printf 'FROM base:1\nADD https://user:TOKEN-9f3a@127.0.0.1:1/file /x\n' >links/token
check_not "B14: a download that fails" build -f links/token links
check "B14: the URL's password is not told" nowhere TOKEN-9f3a
printf 'FROM base:1\nRUN --mount=type=secret,id=s,env=S true\nRUN --mount=type=secret,id=s cat /run/secrets/s >/dev/null\n' >links/token
printf SECRET-77b1 >token.txt
check "B14: a secret is used" build -f links/token --secret id=s,src=token.txt -t token:1 links
check "B14: and is nowhere afterwards" nowhere SECRET-77b1

check_fails "B16: a platform with a path in it" 1 "--platform" build --platform ../../x links
printf 'FROM --platform=../../x base:1\n' >links/platform
check_not "B16: FROM --platform" build -f links/platform links

python3 - <<'END'
lines = ["FROM base:1", "ARG a=0123456789"] + ["ARG a=${a}${a}"] * 40
open("links/bomb", "w").write("\n".join(lines) + "\n")
open("links/stages", "w").write("FROM scratch\n" * 100000)
open("links/glob", "w").write("FROM base:1\nCOPY [a- /x\n")
open("links/stars", "w").write("FROM base:1\nCOPY --parents " + "**/" * 200 + "x /y/\n")
END
for file in bomb stages glob; do
    check_fails "B17: $file is refused, with a reason" 1 "ocimg: " timeout 20 "$ocimg" build --runtime "$RUNTIME" -f "links/$file" links
done

mkdir -p links/d/e/f/g/h
check "B17: a row of ** is one search" timeout 20 "$ocimg" build --runtime "$RUNTIME" -f links/stars links

if sanitized "$ocimg"; then
    skip "B18" "the sanitizers' search for leaks does not work below strace"
elif command -v strace >/dev/null && strace -f -e trace=none true 2>/dev/null; then
    printf 'FROM base:1\nCOPY add.tar /x\nADD add.tar /y\nRUN ["/bin/true"]\n' >links/quiet
    traced() { timeout 60 strace -f -qq -e trace=execve -o exec.log "$ocimg" build --no-cache --progress plain --runtime "$RUNTIME" -f links/quiet links; }
    check "B18: a traced build" traced
    programs() { grep -o 'execve("[^"]*"' exec.log | sort -u | grep -v -e "\"$ocimg\"" -e "\"$RUNTIME\"" -e '"/proc/self/' -e '"/bin/true"'; true; }
    check_output "B18: nothing is started but ocimg, the runtime and the step's command" "" programs
else
    skip "B18" "strace cannot be used here"
fi

assert_nothing_left
finish
