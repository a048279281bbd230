#!/bin/bash
# ocimg build where no overlay can be mounted: trees are copied, and the images are the same to the byte.
# (One thing cannot be the same: of a file with several names that a step changes by one of them, an overlay
# gives the change to that name alone. No such file is in here.)
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
make_two_layers() {
    make_base_image base:1 && mkdir -p second/etc second/opt/deep && echo new >second/etc/new && rm -f second/etc/x && : >second/etc/.wh.group &&
        ln second/etc/new second/opt/hard && find second -exec touch -h -d '2020-01-02 UTC' {} + && tar -C second -cf second.tar . && "$ocimg" append base:1 second.tar
}
check "a base image of two layers, with a deletion" make_two_layers
mkdir -p context/dir
echo a >context/dir/a
echo b >context/dir/b
cat >context/Dockerfile <<'END'
FROM base:1 AS one
RUN mkdir -p /tree/sub && echo 1 > /tree/file && echo 2 > /tree/sub/file && echo 3 > /tree/two && ln /tree/two /tree/hard && ln -s file /tree/soft
RUN rm /tree/sub/file /etc/new && echo more >> /tree/file && chmod 700 /tree/sub
RUN rm -r /tree/sub && mkdir /tree/sub && echo again > /tree/sub/other
RUN rm -r /opt && echo a-file-now > /opt && chown 7:8 /etc/passwd && mkfifo /fifo
RUN touch -d '2001-01-01' /tree/old && chmod 4755 /bin/busybox
FROM base:1
WORKDIR /srv
COPY dir .
COPY --link dir/a /linked/a
COPY --from=one /tree /tree
ADD second.tar.gz /unpacked/
RUN --mount=type=bind,from=one,source=/tree,target=/in,rw --mount=type=cache,target=/c --mount=type=tmpfs,target=/t \
    echo changed > /in/file && cat /in/file /in/sub/other > made && touch /c/x /t/x
RUN --mount=type=bind,from=one,source=/tree,target=/in cat /in/file > untouched && true
RUN true
USER bob
RUN echo bob > /tmp/bob
END
tar -C second -czf context/second.tar.gz etc/new
built() { # COMMAND...
    rm -rf "$OCIMG_CACHE"
    "$@" "$ocimg" build --progress plain --runtime "$RUNTIME" -t plain:1 context >build.log 2>&1 || { cat build.log >&2; return 1; }
    digest_of plain:1
}
check "with overlays" built env
first=$(digest_of plain:1)
layers=$(image_config plain:1 .rootfs.diff_ids)
check "without" built env OCI_TEST_NO_OVERLAY=1
check_match "a note says so" "no overlay can be mounted" cat build.log
check_output "every layer is the same" "$layers" image_config plain:1 .rootfs.diff_ids
check_output "and so is the image" "$first" digest_of plain:1
root=$(unpacked plain:1)
check_output "a bind mount with rw is written to" "changed
again" cat "$root/srv/made"
check_output "and what was written is thrown away" "1
more" cat "$root/srv/untouched"
again() { OCI_TEST_NO_OVERLAY=1 build -t plain:1 context 2>&1 | grep -c CACHED; }
check_output "again, from the cache" 14 again
check_output "nothing is left in the cache but results" "" ls "$OCIMG_CACHE/build/work"
fails() { OCI_TEST_NO_OVERLAY=1 build -f failing context; }
printf 'FROM base:1\nRUN echo half > /half && exit 4\n' >failing
check_fails "a failed step" 1 "exit status 4" fails

assert_nothing_left
finish
