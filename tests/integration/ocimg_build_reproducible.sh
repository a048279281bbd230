#!/bin/bash
# The same context gives the same image digest: under another clock, umask, user, number of jobs, in another
# place, with a cache and without.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
check "the base image is made" make_base_image base:1
"$ocimg" config base:1 --created 2020-02-02T00:00:00Z

mkdir -p original/src/deep
for i in 3 1 2 9 5; do echo "$i" >"original/src/file$i"; done
printf '#!/bin/sh\n' >original/src/run && chmod 755 original/src/run
ln original/src/file1 original/src/deep/hard && ln -s ../file2 original/src/deep/link
tar -czf original/files.tar.gz -C original --mtime '2019-05-06 UTC' src
cat >original/Dockerfile <<'END'
FROM base:1 AS one
RUN for i in 1 2 3; do echo $i > /one-$i; done
FROM base:1 AS two
WORKDIR /two
RUN --mount=type=bind,source=src,target=/in --mount=type=cache,target=/c cp /in/file* . && date > /c/x && mkdir empty
FROM base:1 AS three
COPY --chmod=go-w src /three/
RUN rm -r /three/deep && mkfifo /three/fifo && chown 7:8 /three/file1
FROM base:1
WORKDIR /made/by/workdir
COPY . /all/
COPY --parents src/deep /parents/
COPY --from=one /one-* /
COPY --from=two /two /two/
COPY --from=three /three /three/
ADD files.tar.gz /unpacked/
COPY <<TEXT /inline
text
TEXT
USER bob
RUN touch /tmp/of-bob
LABEL a=b c=d
END
cp -a original context

fresh() { # COMMAND...: builds in a cache of its own with the command in front, and prints the digest
    rm -rf "$OCIMG_CACHE"
    "$@" "$ocimg" build --progress plain --runtime "$RUNTIME" -t same:1 "${options[@]}" "$context" >build.log 2>&1 || { cat build.log >&2; return 1; }
    digest_of same:1
}
options=()
context=context
check "a first build" fresh env
first=$(digest_of same:1)
check_output "again, from nothing" "$first" fresh env
again() { "$ocimg" build --progress plain --runtime "$RUNTIME" -t same:1 context >build.log 2>&1 && digest_of same:1; }
check_output "again, from the cache" "$first" again
options=(--jobs 1) && check_output "with one job" "$first" fresh env
options=(--jobs 16) && check_output "with many" "$first" fresh env
options=()
check_output "with another umask" "$first" fresh bash -c 'umask 077; exec "$0" "$@"'
check_output "with another one" "$first" fresh bash -c 'umask 000; exec "$0" "$@"'
check_output "with another time zone, language, user name and home" "$first" \
    fresh env TZ=Pacific/Chatham LANG=de_DE.UTF-8 LC_ALL=C.UTF-8 USER=somebody LOGNAME=somebody HOME=/nonexistent
if sanitized "$ocimg"; then
    skip "another clock" "faketime and the sanitizers both want to be loaded first"
elif command -v faketime >/dev/null; then
    for when in '2001-09-09 01:46:40' '2036-01-01 00:00:00'; do
        clock() { faketime "$when" date +%Y; }
        check_output "a clock that says ${when%%-*}" "${when%%-*}" clock
        check_output "gives the same image" "$first" fresh faketime "$when"
    done
else
    skip "another clock" "faketime is not installed"
fi
find context -exec touch -h -d '2033-03-03 03:03:03.333' {} +
check_output "with files that were written at another time" "$first" fresh env
again_touched() { find context -exec touch -h -d '2011-01-01' {} + && again; }
check_output "and at a third time, from the cache" "$first" again_touched
chown -hR 4321:1234 context
check_output "with files of another user" "$first" fresh env
mkdir -p elsewhere/far && (cd original && find . -depth -print | sort -r | cpio -pdm --quiet ../elsewhere/far 2>/dev/null || cp -r . ../elsewhere/far)
rm -f elsewhere/far/src/deep/hard && ln elsewhere/far/src/file1 elsewhere/far/src/deep/hard
context=$test_dir/elsewhere/far
check_output "in another place, on disk in another order" "$first" fresh env
for runtime in runc crun; do
    path=$(command -v $runtime) || { skip "$runtime" "it is not installed" && continue; }
    if [ $runtime = crun ] && grep -q cgroup2 /proc/mounts && grep -qw cgroup /proc/mounts; then
        skip crun "crun 1.8 refuses the hybrid cgroups of this machine" && continue
    fi
    options=(--runtime "$path")
    check_output "with $runtime" "$first" fresh env
done
options=()

# --- which times stand in it -------------------------------------------------------------------------------

context=context
rm -rf context && cp -a original context && find context -exec touch -h -d '2022-02-02 UTC' {} + && touch -d '2002-02-02 UTC' context/src/file1
newest() { find "$1" -printf '%T@\n' | sort -n | tail -1 | cut -d. -f1; }
base_time=1580601600
check "a build" fresh env
check_output "no file is younger than the base image" "$base_time" newest "$(unpacked same:1)"
check_output "and so is the image" '"2020-02-02T00:00:00Z"' image_config same:1 .created
epoch=1600000000
check "SOURCE_DATE_EPOCH" fresh env SOURCE_DATE_EPOCH=$epoch
second=$(digest_of same:1)
check_output "no file is younger than that" "$epoch" newest "$(unpacked same:1)"
check_output "older ones keep their times" 1012608000 stat_of same:1 all/src/file1 %Y
check_output "the image has it" '"2020-09-13T12:26:40Z"' image_config same:1 .created
options=(--build-arg SOURCE_DATE_EPOCH=$epoch)
check_output "as a build argument it is the same" "$second" fresh env
options=(--build-arg SOURCE_DATE_EPOCH=context)
check "SOURCE_DATE_EPOCH=context" fresh env
check_output "files of the context keep their times" 1643760000 stat_of same:1 all/src/file2 %Y
check_output "and the newest is that of all that is made" 1643760000 newest "$(unpacked same:1)"
third=$(digest_of same:1)
check_output "again" "$third" fresh env
options=(--build-arg SOURCE_DATE_EPOCH=soon)
check_fails "another word" any "expected seconds since 1970, or context" fresh env

assert_nothing_left
finish
