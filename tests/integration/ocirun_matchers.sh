#!/bin/bash
# The sentences that engines look for, each in the case it stands for, on standard error and in the one record of
# --log: containerd's and CRI-O's matchers of kill and delete, Podman's and Docker's exit codes, runc's own words.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"
is_ocirun || skip_all "the words of other runtimes are theirs"

# says NAME EXIT TEXT COMMAND...: with --log, the text on stderr, and exactly one record of level error that holds it.
says() {
    local name=$1 exit=$2 text=$3
    shift 3
    rm -f log.json
    check_fails "$name" "$exit" "$text" rt --log "$test_dir/log.json" --log-format json "$@"
    # Podman reads the file as a single value; containerd takes the last record whose time is RFC 3339.
    check "$name: one JSON record" jq -se --arg text "$text" 'length == 1 and .[0].level == "error"
        and (.[0].msg | contains($text)) and (.[0].time | test("^[0-9-]{10}T[0-9:.]{8,}Z$"))' log.json
}

make_bundle b
# --- containers that are not there ---------------------------------------------------------------------
for verb in start state kill delete pause resume ps update; do
    says "containerd Init.delete, $verb" 1 'does not exist' "$verb" absent
done
says "exec in an absent container" 255 'container does not exist' exec absent true
says "an id that is no id" 1 'invalid container ID format' create -b b 'a/b'

# --- states --------------------------------------------------------------------------------------------
rt create -b b one
says "an id that is taken" 1 'container with given ID already exists' create -b b one
if has_freezer; then says "resume of a container that is not paused" 1 'container not paused' resume one; fi
rt start one
says "a second start" 1 'cannot start an already running container' start one
says "delete of a running container" 1 'cannot delete container one that is not stopped: running' delete one
if has_freezer; then
    rt pause one
    says "exec in a paused container" 255 'cannot exec in a paused container (use --ignore-paused to override)' exec one true
    says "delete of a paused container" 1 'cannot delete container one that is not stopped: paused' delete one
    rt resume one
fi
# --- programs ------------------------------------------------------------------------------------------
says "Podman and Docker 127, exec" 255 'exec: "nothing": executable file not found in $PATH' exec one nothing
says "its prefix" 255 'exec failed: ' exec one nothing
says "Podman 127, a path" 255 'no such file or directory' exec one /no/such
says "Podman 126, exec" 255 'permission denied' exec one /etc/passwd
says "Docker 126, a directory" 255 'is a directory' exec one /etc
rt kill one KILL
wait_until 10 status_is one stopped
says "containerd checkKillError, CRI-O" 1 'container not running' kill one 9
says "start of a stopped container" 1 'cannot start a container that has stopped' start one
says "exec in a stopped container" 255 'cannot exec in a stopped container' exec one true
says "update of a stopped container" 1 'container not running' update --pids-limit 5 one
rt delete one

set_args b nothing
says "Podman and Docker 127, at create" 1 'exec: "nothing": executable file not found in $PATH' create -b b one
says "the prefix of create" 1 'create failed: unable to start container process: ' create -b b one
says "the prefix of run" 1 'run failed: unable to start container process: ' run -b b one
set_args b /no/such
says "Docker 127, a path, at create" 1 'no such file or directory' create -b b one
set_args b /etc/passwd
says "Docker 126" 1 'permission denied' create -b b one
printf '#!/no/such/interpreter\n' >b/rootfs/run.sh
chmod 755 b/rootfs/run.sh
set_args b /run.sh
says "an interpreter that is not there, known by execve alone" 1 'exec /run.sh: no such file or directory' run -b b one
set_args b sleep 1
edit_config b '.process.cwd = "/etc/passwd"'
says "Docker 127 with a hint" 1 'not a directory' create -b b one
edit_config b '.process.cwd = "/" | .mounts += [{destination: "/etc/passwd", type: "bind", source: "/tmp", options: ["bind"]}]'
says "a directory on a file" 1 'not a directory' create -b b one
edit_config b 'del(.mounts[-1])'

# --- memory --------------------------------------------------------------------------------------------
if [ -d /sys/fs/cgroup/memory ]; then
    edit_config b '.linux.resources.memory = {limit: 4096, swap: 4096}'
    says "a memory limit that is too low" 1 'container init was OOM-killed (memory limit too low?)' create -b b one
else
    skip "a memory limit that is too low" "this view of cgroups has no memory controller"
fi

# --- the command line ----------------------------------------------------------------------------------
says_plain() { check_fails "$1" any "$2" rt "${@:3}"; }
says_plain "an unknown flag" 'flag provided but not defined: -nonsense' create --nonsense x
says_plain "a flag without its value" 'flag needs an argument: --bundle' create --bundle
check_match "Docker reads the version" '^ocirun version [0-9]+\.[0-9]+\.[0-9]+' rt --version
check_match "and the commit" '^commit: .' rt --version
check "containerd and Docker ask features without flags" bash -c "'$RUNTIME' features | jq -e '.ociVersionMin and .ociVersionMax'"
assert_nothing_left
finish
