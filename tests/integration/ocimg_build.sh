#!/bin/bash
# ocimg build: every instruction, stages, the cache, what RUN sees, with one runtime after the other.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
. "$here/../support/build_base.sh"

steps_done() { grep -c DONE build.log; }
all_cached() { [ "$(grep -c CACHED build.log)" -eq "$1" ] && ! grep -q DONE build.log; }

check "the base image is made" make_base_image base:1

# --- one Dockerfile with everything, built by each runtime -------------------------------------------

mkdir -p all/dir/sub
printf 'one\n' >all/one.txt
printf 'two\n' >all/two.txt
printf 'deep\n' >all/dir/sub/deep.txt
printf 'secret of nobody\n' >all/ignored.txt
printf '*.log\nignored.txt\n' >all/.dockerignore
tar -czf all/files.tar.gz -C all one.txt dir
ln -s one.txt all/link
find all -exec touch -h -d '2021-02-03 04:05:06 UTC' {} +
cat >all/Dockerfile <<'END'
# escape=\
ARG BASE=base:1
FROM ${BASE} AS tools
RUN echo made-by-tools > /tool && chmod 755 /tool
ONBUILD RUN echo triggered > /triggered

FROM base:1 AS unneeded
RUN false

FROM tools AS middle

FROM ${BASE}
ARG VERSION=1.0
ARG GIVEN
LABEL org.example.version=$VERSION "org.example.text"="two words"
ENV VERSION_FILE=/etc/version GREETING="hello $VERSION"
WORKDIR /srv
WORKDIR app
COPY --from=tools /tool /usr/bin/tool
COPY --from=middle /triggered .
COPY --chown=bob:audio --chmod=640 one.txt two.txt data/
COPY . all/
COPY link linked
COPY --chown=7 one.txt by-number
ADD files.tar.gz /unpacked/
COPY <<TEXT /etc/inline
inline $VERSION
TEXT
RUN echo "$VERSION $GIVEN" > $VERSION_FILE
RUN <<SCRIPT
set -e
echo first > /tmp/script
echo second >> /tmp/script
SCRIPT
RUN ["/bin/sh", "-c", "echo exec-form > /exec"]
RUN rm /srv/app/all/two.txt && mkdir /made && id > /made/id
USER bob
RUN id -u > /tmp/bob && echo $HOME >> /tmp/bob
WORKDIR /of-bob
USER root
SHELL ["/bin/sh", "-ec"]
RUN false || echo shell > /shell
EXPOSE 80 8000-8001/udp
VOLUME /data
VOLUME ["/more"]
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --retries=3 CMD test -e /srv
ENTRYPOINT ["/bin/busybox"]
CMD ["echo", "hi"]
END

check_everything() { # TAG
    local root
    root=$(unpacked "$1") || root=/nonexistent
    check_output "$1: ARG, ENV and --build-arg reach RUN" "1.0 from-outside" cat "$root/etc/version"
    check_output "$1: a file of another stage" made-by-tools cat "$root/usr/bin/tool"
    check_output "$1: its mode" 755 stat -c %a "$root/usr/bin/tool"
    check_output "$1: ONBUILD runs in the stage on top" triggered cat "$root/srv/app/triggered"
    check_output "$1: --chown and --chmod" "1001:29 640" stat -c '%u:%g %a' "$root/srv/app/data/two.txt"
    check_output "$1: a number is user and group" 7:7 stat -c %u:%g "$root/srv/app/by-number"
    check_output "$1: files of the context belong to root" 0:0 stat -c %u:%g "$root/srv/app/all/one.txt"
    check_output "$1: times of the context do not count: those of the base image stand there" 0 stat -c %Y "$root/srv/app/all/one.txt"
    check_output "$1: a directory is copied with what it holds" deep cat "$root/srv/app/all/dir/sub/deep.txt"
    check_output "$1: a link among the files stays one" one.txt readlink "$root/srv/app/all/link"
    check_output "$1: a link that is named is followed" one cat "$root/srv/app/linked"
    check_not "$1: .dockerignore leaves files out" test -e "$root/srv/app/all/ignored.txt"
    check_output "$1: ADD unpacks an archive" deep cat "$root/unpacked/dir/sub/deep.txt"
    check_output "$1: a file out of the Dockerfile" "inline 1.0" cat "$root/etc/inline"
    check_output "$1: a script out of the Dockerfile" "first
second" cat "$root/tmp/script"
    check_output "$1: RUN in exec form" exec-form cat "$root/exec"
    check_not "$1: what RUN removes is gone" test -e "$root/srv/app/all/two.txt"
    check_output "$1: USER" "1001
/home/bob" cat "$root/tmp/bob"
    check_output "$1: WORKDIR belongs to USER" 1001:1002 stat -c %u:%g "$root/of-bob"
    check_output "$1: SHELL" shell cat "$root/shell"
    check_not "$1: no file of the build's own is in the image" test -e "$root/etc/resolv.conf" -o -e "$root/etc/hosts" -o -e "$root/proc"
    check_output "$1: Env" '["PATH=/bin","VERSION_FILE=/etc/version","GREETING=hello 1.0"]' image_config "$1" .config.Env
    check_output "$1: Labels" '{"from.cli":"yes","org.example.text":"two words","org.example.version":"1.0"}' image_config "$1" .config.Labels
    check_output "$1: ports" '["80/tcp","8000/udp","8001/udp"]' image_config "$1" '.config.ExposedPorts | keys'
    check_output "$1: command" '[["/bin/busybox"],["echo","hi"]]' image_config "$1" '[.config.Entrypoint, .config.Cmd]'
    check_output "$1: the rest" '["/of-bob","root","SIGQUIT",["/data","/more"],["/bin/sh","-ec"]]' image_config "$1" \
        '.config | [.WorkingDir, .User, .StopSignal, (.Volumes | keys), .Shell]'
    check_output "$1: the health check" '{"Test":["CMD-SHELL","test -e /srv"],"Interval":5000000000,"Retries":3}' image_config "$1" .config.Healthcheck
    check_output "$1: triggers are not handed on" null image_config "$1" .config.OnBuild
    check_output "$1: one line of history for each layer" true image_config "$1" '([.history[] | select(.empty_layer | not)] | length) == (.rootfs.diff_ids | length)'
}
for runtime in "$RUNTIME" runc crun; do
    path=$(command -v "$runtime") || { skip "$runtime" "it is not installed" && continue; }
    name=$(basename "$runtime")
    # What this runtime cannot do by itself says nothing about the build.
    if [ "$name" = crun ] && grep -q cgroup2 /proc/mounts && grep -qw cgroup /proc/mounts; then
        skip crun "crun 1.8 refuses the hybrid cgroups of this machine"
        continue
    fi
    RUNTIME=$path check "$name builds everything" build --no-cache -t "all:$name" --build-arg GIVEN=from-outside --label from.cli=yes all
    check_everything "all:$name"
done
first=$(digest_of "all:$(basename "$RUNTIME")")
if command -v runc >/dev/null; then
    check_output "the runtime makes no difference to the image" "$first" digest_of all:runc
fi

# --- the cache ---------------------------------------------------------------------------------------

cache_build() { build -t cache:1 "$@" cached 2>build.log; }
write_context cached <<'END'
FROM base:1
COPY a /a
RUN cat /a > /copy-of-a
COPY b /b
RUN cat /b > /copy-of-b
END
echo 1 >cached/a
echo 1 >cached/b
check "a build" cache_build
check "again" cache_build
check "nothing is done twice" all_cached 4
digest=$(digest_of cache:1)
touch cached/a
check "with another time of a file" cache_build
check "content counts, not time" all_cached 4
check_output "and the image is the same" "$digest" digest_of cache:1
echo 2 >cached/b
check "with another file" cache_build
check_output "what comes before it is known" 2 grep -c CACHED build.log
check_output "the new content is there" 2 file_of cache:1 copy-of-b
rm -rf "$OCIMG_CACHE"
echo 1 >cached/b
check "without the cache, which may be deleted" cache_build
check_output "the content is the same" 1 file_of cache:1 copy-of-b
check "--no-cache" cache_build --no-cache
check_output "does everything anew" 4 steps_done
check "afterwards" cache_build
check "the new results are known" all_cached 4
check "changed labels" cache_build --label a=b
check "leave files alone" all_cached 4

# --- stages, targets, ids ------------------------------------------------------------------------------

write_context stages <<'END'
FROM base:1 AS one
RUN echo one > /file
FROM base:1 AS two
RUN exit 3
FROM scratch
COPY --from=0 /file /file
END
check "a stage that is not needed is not built" build -t stages:1 --iidfile stages.id --metadata-file stages.json stages
check_output "an image from scratch holds only its files" "file" ls "$(unpacked stages:1)"
check_output "--iidfile" "$(jq -r .config.digest "$(blob "$(digest_of stages:1)")")" cat stages.id
check_output "--metadata-file" "$(digest_of stages:1)" jq -r '."containerimage.digest"' stages.json
check_fails "a failing command: the file, the line, the code" 1 "Dockerfile:4:1: [two 1/1] RUN exit 3: exit status 3" build --target two stages
check_fails "and how to enter the place" 1 "--on-failure shell" build --target two stages
check "--target" build --target one -t stages:one stages
check_fails "an unknown target" 1 "no such stage; there are one, two" build --target three stages
printf 'FROM nowhere:1\n' >stages/unknown
check_fails "an unknown base image" 1 'image "nowhere:1"' build -f stages/unknown stages
printf 'FROM base:1\nCOPY absent /\n' >stages/missing
check_fails "a missing file" 1 'source "absent" is not in the build context' build -f stages/missing stages
printf 'FROM base:1\nRUN echo "word" && exit 3\n' >stages/quoted
check_fails "words that the command itself quotes are no place" 1 "quoted:2:1: [" build -f stages/quoted stages
check_fails "its line, and a caret below the word" 1 "     |      ^" build -f stages/missing stages
printf 'FROM base:1\nRUN mkdir -p /x/Dockerfile\nCOPY Dockerfile /x/\n' >stages/over
check_fails "a file over a directory" 1 "cannot take the place of the directory" build -f stages/over stages
check_fails "no Dockerfile" 1 "there is no Dockerfile" build all/dir

assert_nothing_left
finish
