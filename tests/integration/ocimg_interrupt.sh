#!/bin/bash
# Ctrl-C while a command works: exit code 130, one sentence that says so, nothing half done and nothing left. And
# what a command tells meanwhile: bars that are drawn again on a terminal, plain lines elsewhere, JSON for programs.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
# shellcheck source=../support/build_base.sh
. "$here/../support/build_base.sh"
export OCIMG_LAYER_CACHE=$test_dir/layers

# Half a gigabyte of zeros takes every command long enough, and is a small layer.
mkdir -p zeros/etc more
truncate -s 512M zeros/etc/zeros
echo two >zeros/etc/two
echo more >more/more
"$ocimg" new --image image:base && "$ocimg" append --progress none --image image:base more &&
    "$ocimg" append --progress none --image image:base --tag one zeros || exit 1
cp -a image other && "$ocimg" tag --image other:base new && "$ocimg" gc image >/dev/null || exit 1
cp -a image bases && "$ocimg" append --progress none --image bases:base --tag big zeros/etc &&
    "$ocimg" unpack --progress none --image image:base changed || exit 1
cp -r --sparse=always zeros/etc changed/rootfs/ || exit 1
as_it_was() { sha256sum image/index.json && find image changed/ocimg* -mindepth 1 -printf '%P %s\n' | sort; }
as_it_was >before

# interrupted SIGNAL COMMAND...: prints the exit code of a command that gets the signal while it works. The signal
# comes when the command has said that it has begun something.
interrupted() {
    local signal=$1 pid
    shift
    rm -f said
    (trap - INT; exec "$ocimg" "$@" --progress json) >said.out 2>said </dev/null &
    pid=$!
    expect_process $pid
    wait_until 10 grep -q '"event":"\(start\|progress\)"' said
    sleep 0.05
    kill "-$signal" $pid
    wait $pid
    echo $?
}
made_by_it() { # a layout that was only begun keeps what is complete: the next copy goes on from there
    [ ! -e bundle ] || echo bundle
    [ ! -e new/index.json ] || jq -r '.manifests[].digest' new/index.json
    rm -rf new
}
# gives_up NAME COMMAND...
gives_up() {
    local name=$1
    shift
    check_output "$name: SIGINT is exit code 130" 130 interrupted INT "$@"
    check_output "$name: says so, once" 1 grep -c 'interrupted by SIGINT' said
    as_it_was >after
    check "$name: images and bundles are as they were" diff before after
    check_output "$name: nothing is left" "" made_by_it
}
gives_up append append --image image:base --tag next zeros
gives_up insert insert --image image:base --tag next zeros /x
gives_up squash squash --image image:one --tag next
gives_up split split --image image:one --tag next --size 1M
gives_up unpack unpack --image image:one bundle
gives_up repack repack --image image:next changed
gives_up "copy to a layout" copy --compression zstd oci:image:one oci:new:next
gives_up validate validate image
gives_up fsck fsck image
for verb in append unpack validate; do
    case $verb in
        append) words=(append --image image:base --tag next zeros) ;;
        unpack) words=(unpack --image image:one bundle) ;;
        validate) words=(validate image) ;;
    esac
    check_output "$verb: SIGTERM is exit code 143" 143 interrupted TERM "${words[@]}"
    check_output "$verb: SIGHUP is exit code 129" 129 interrupted HUP "${words[@]}"
done
as_it_was >after
check "and nothing changed" diff before after

# A command that waits for something that does not come ends all the same.
waits() {
    mkfifo pipe
    (trap - INT; exec "$ocimg" append --progress none --image image:base --tag next -) >said.out 2>said <pipe &
    local pid=$!
    expect_process $pid
    exec 7>pipe
    sleep 0.2
    kill -INT $pid
    wait $pid
    echo $?
    exec 7>&-
}
check_output "append that waits for its input: exit code 130" 130 waits
check "and says so" grep -q 'interrupted by SIGINT' said
locked() {
    (trap - INT; exec flock image "$ocimg" append --progress none --image image:base --tag next more) >said.out 2>said &
    local pid=$!
    expect_process $pid
    sleep 0.3
    kill -INT "$(pgrep -P $pid)"
    wait $pid
    echo $?
}
check_output "append that waits for the layout's lock: exit code 130" 130 locked
check "and says so" grep -q 'interrupted by SIGINT' said
as_it_was >after
check "and nothing changed" diff before after

# --- build: the step's processes, cgroups, mounts and directories go too
make_base_image base:1 || exit 1
printf 'FROM base:1\nRUN echo begun && sleep 1000\n' | write_context app
stopped_build() {
    (trap - INT; exec "$ocimg" build --progress plain --runtime "$RUNTIME" -t app:1 app) >said.out 2>said </dev/null &
    local pid=$!
    expect_process $pid
    wait_until 20 grep -q ' begun$' said said.out
    kill -INT $pid
    wait $pid
    echo $?
}
tags_before=$(jq -c '[.manifests[].annotations]' store/index.json)
check_output "build: SIGINT is exit code 130" 130 stopped_build
check "build: says so" grep -q 'interrupted by SIGINT' said
check_output "build: the store's tags are as they were" "$tags_before" jq -c '[.manifests[].annotations]' store/index.json
check_output "build: no directory of the step is left" "" ls -A cache/build/work
step_cgroups() { find /sys/fs/cgroup -type d -name 'ocimg-*' -newer said.out; }
check_output "build: no cgroup of it" "" step_cgroups
check_not "build: no process of it" pgrep -f 'sleep 1000'
check "build: the next one is not hindered" sh -c "printf 'FROM base:1\n' >app/Dockerfile && '$ocimg' build --progress plain -t app:1 app"

# --- bars on a terminal, lines elsewhere, on every command that takes long
truncate -s 20M zeros/etc/zeros
"$ocimg" append --progress none --image image:base --tag one zeros && rm -rf changed &&
    "$ocimg" unpack --progress none --image image:base changed && cp -r --sparse=always zeros/etc changed/rootfs/ || exit 1
on_terminal() { # COMMAND...: what it draws
    TERM=xterm script -qec "$(printf '%q ' "$ocimg" "$@")" /dev/null </dev/null
}
draws() { on_terminal "$@" >drawn && grep -q $'\e\\[1A' drawn; }
lines() { "$ocimg" "$@" >drawn.out 2>drawn && grep -qE '^(new layer|changed files|layer [0-9a-f]+|blob [0-9a-f]+): ' drawn && ! grep -q $'\e\\|\r' drawn; }
objects() { "$ocimg" "$@" --progress json >drawn.out 2>drawn && jq -es 'length > 1 and all(.[]; has("event"))' drawn; }
says_nothing() { "$ocimg" "$@" --progress none >drawn.out 2>drawn && [ ! -s drawn ]; }
shows() { # NAME COMMAND...
    local name=$1
    shift
    if command -v script >/dev/null; then
        check "$name: bars on a terminal" draws "$@"
    else
        skip "$name: bars on a terminal" "script is not installed"
    fi
    rm -rf bundle new
    check "$name: lines elsewhere" lines "$@"
    rm -rf bundle new
    check "$name: JSON for programs" objects "$@"
    rm -rf bundle new
    check "$name: nothing with none" says_nothing "$@"
    rm -rf bundle new
}
shows append append --image image:base --tag next zeros
shows insert insert --image image:base --tag next zeros /x
shows squash squash --image image:one --tag next
shows split split --image image:one --tag next --size 1k
shows unpack unpack --image image:one bundle
shows repack repack --image image:next changed
shows copy copy oci:image:one oci:new:one
shows validate validate image
shows fsck fsck image
shows tree tree --image image:one
shows files files --image image:one
shows cat cat --image image:one /etc/two
shows index index create oci:new:multi ./bases:big
shows diff diff ./image:base ./image:one
shows report report --html page.html --image image:one
finish
