#!/bin/bash
# The life of a container: every command of the runtime, in the order and in the wrong order, with the exit
# codes, messages and documents that engines read.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../support/shell_test.sh
. "$here/../support/shell_test.sh"
# shellcheck source=../support/bundle.sh
. "$here/../support/bundle.sh"
enter_sandbox "$@"

make_bundle b

# --- create, start, kill, delete -------------------------------------------------------------------
check_output "list -f json is null when there is nothing" null rt list -f json
check_output "list -q is empty when there is nothing" '' rt list -q
check "create" rt create --bundle b --pid-file b/pid one
check_output "it prints nothing" '' cat "$test_out" "$test_err"
check "after create the status is created" status_is one created
check "the pid-file holds a number without a newline" grep -qzE '^[1-9][0-9]*$' b/pid
check_output "the pid-file names the process of the state" "$(cat b/pid)" bash -c "'$RUNTIME' --root '$state_root' state one | jq -r .pid"
check "that process exists" kill -0 "$(cat b/pid)"
created_runs_not() { ! tr '\0' ' ' <"/proc/$(cat b/pid)/cmdline" | grep -q 'sleep 1000'; }
check "it does not run the user's program yet" created_runs_not
check "the state directory is private" bash -c "[ \$(stat -c %a '$state_root/one') = 700 ] || [ \$(stat -c %a '$state_root') = 700 ] || [ \$(stat -c %a '$state_root/one') = 711 ]"
check "start" rt start one
check "after start the status is running" status_is one running
runs_program() { tr '\0' ' ' <"/proc/$(cat b/pid)/cmdline" | grep -q '^sleep 1000'; }
check "the same process runs the user's program" wait_until 5 runs_program
check_fails "a second start is refused" 1 "cannot start an already running container" rt start one
check_fails "delete of a running container is refused" 1 "that is not stopped: running" rt delete one
check "and it still runs" status_is one running
check "kill sends TERM by default, which init ignores without a handler" rt kill one
check "kill takes a number" rt kill one 9
check "after kill the status is stopped" wait_until 5 status_is one stopped
check_fails "start of a stopped container" 1 "cannot start a container that has stopped" rt start one
check_fails "kill of a stopped container" 1 "container not running" rt kill one 9
check "kill --all of a stopped container is no error" rt kill --all one 9
check_fails "exec in a stopped container" 255 "$(by_runtime 'cannot exec in a stopped container' 'cannot exec')" rt exec one true
check_fails "pause of a stopped container" 1 "not running" rt pause one
check_fails "resume of a stopped container" 1 "not paused" rt resume one
check_output "the pid of a stopped container is 0" 0 bash -c "'$RUNTIME' --root '$state_root' state one | jq .pid"
check "delete" rt delete one
assert_nothing_left "nothing is left of a whole life"

# --- commands on what is not there -----------------------------------------------------------------
check_fails "start of an absent container" 1 "container does not exist" rt start absent
check_fails "state of an absent container" 1 "container does not exist" rt state absent
check_fails "kill of an absent container" 1 "container does not exist" rt kill absent 9
check_fails "delete of an absent container" 1 "container does not exist" rt delete absent
check "delete --force of an absent container succeeds" rt delete --force absent
check_fails "exec in an absent container" 255 "container does not exist" rt exec absent true
check_fails "pause of an absent container" 1 "container does not exist" rt pause absent
check_fails "resume of an absent container" 1 "container does not exist" rt resume absent
check_fails "ps of an absent container" 1 "container does not exist" rt ps absent

# --- identifiers -----------------------------------------------------------------------------------
for id in . .. a/b '../x' 'a b' 'a:b' $'a\nb' ''; do
    check_fails "the id '$(printf %q "$id")' is refused" 1 "$(by_runtime 'invalid container ID format' '')" rt create -b b "$id"
done
check_fails "an id is required" 1 '' rt create -b b
check_fails "one id is enough" 1 '' rt create -b b one two
assert_nothing_left "refused identifiers leave nothing"
check "all kinds of characters of an id" rt create -b b 'A_z+0.-'
check_fails "an id that is taken" 1 "container with given ID already exists" rt create -b b 'A_z+0.-'
check "the container of that id is unharmed" status_is 'A_z+0.-' created
check "delete --force of a created container" rt delete --force 'A_z+0.-'
assert_nothing_left
check "create again for a kill before start" rt create -b b one
check "kill in state created" rt kill one KILL
check "it is stopped then" wait_until 5 status_is one stopped
check "and can be deleted" rt delete one

# --- state, list, ps -------------------------------------------------------------------------------
edit_config b '.annotations = {"org.example.key": "value"}'
check "run --detach" rt run --detach --bundle b --pid-file b/pid one
check "run --detach leaves a running container" status_is one running
rt state one >state.json
check_output "the keys of state" 'annotations bundle created id ociVersion owner pid rootfs status' \
    jq -r 'keys | join(" ")' state.json
check_output "annotations are in the state" '{"org.example.key":"value"}' jq -c .annotations state.json
check_output "the bundle is an absolute path" "$test_dir/b" jq -r .bundle state.json
check_output "the rootfs is an absolute path" "$test_dir/b/rootfs" jq -r .rootfs state.json
check_output "owner is empty in state" '' jq -r .owner state.json
check_match "created is an RFC 3339 time" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$' jq -r .created state.json
check "ociVersion is a version" jq -e '.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")' state.json
check_match "list shows a table" '^ID +PID +STATUS +BUNDLE +CREATED +OWNER' rt list
check_match "with a line for the container" "^one +[0-9]+ +running +$test_dir/b +[0-9TZ:.-]+ +root" rt list
check_output "list -q shows identifiers" one rt list -q
rt list --format json >list.json
check_output "list -f json shows the same fields and the owner" "one running root $test_dir/b" \
    jq -r '.[] | [.id, .status, .owner, .bundle] | join(" ")' list.json
check_output "on one line, as scripts expect it" 1 sh -c 'wc -l <list.json'
check_fails "list refuses another format" 1 'invalid' rt list -f yaml
check_output "ps -f json is an array of pids" "[$(cat b/pid)]" bash -c "'$RUNTIME' --root '$state_root' ps -f json one | jq -c ."
check_match "ps shows the table of ps" 'UID +PID +PPID' rt ps one
check_match "ps shows the process" "$(cat b/pid) .*sleep 1000" rt ps one
check_match "ps passes arguments to ps" '^ *PID +COMMAND' rt ps one -o pid,comm
check_fails "ps needs a PID column" 1 'PID' rt ps one -o comm

# --- exec ------------------------------------------------------------------------------------------
check_output "exec passes stdout on" hello rt exec one echo hello
exec_stdin() { echo through | rt exec one cat; }
check_output "exec passes stdin on" through exec_stdin
for code in 0 1 42 125 126 127 255; do
    check_exit "exec exits with $code" "$code" rt exec one sh -c "exit $code"
done
check_exit "exec killed by KILL exits with 137" 137 rt exec one sh -c 'kill -KILL $$'
check_exit "exec killed by TERM exits with 143" 143 rt exec one sh -c 'kill -TERM $$'
check_output "exec --cwd" /tmp rt exec --cwd /tmp one pwd
check_output "exec --env, the last one wins" 'b' rt exec -e KEY=a -e KEY=b one sh -c 'echo $KEY'
check_output "exec --user UID:GID" '12 34' rt exec --user 12:34 one sh -c 'echo $(id -u) $(id -g)'
check_output "exec --additional-gids" '1000 1000 7' rt exec -u 1000:1000 -g 7 one sh -c 'echo $(id -u) $(id -G)'
check_output "options after the id belong to the command" '-u' rt exec one echo -u
check_fails "exec of an unknown program" 255 'executable file not found in $PATH' rt exec one no-such-program
check_fails "exec of an absent path" 255 'no such file or directory' rt exec one /no/such/program
check_fails "exec of a file that is not executable" 255 'permission denied' rt exec one /etc/passwd
check_fails "exec needs a command" 255 'process args cannot be empty' rt exec one
jq '.process | .args = ["sh", "-c", "echo $KEY; pwd; id -u"] | .env += ["KEY=file"] | .cwd = "/etc" | .user.uid = 77' b/config.json >process.json
check_output "exec --process takes everything from the file" $'file\n/etc\n77' rt exec --process process.json one
check "exec --detach returns at once" rt exec --detach --pid-file exec.pid one sleep 1000
check "exec's pid-file holds a number without a newline" grep -qzE '^[1-9][0-9]*$' exec.pid
# Without cgroups only init is known.
[ -z "$(ls /sys/fs/cgroup)" ] || check_output "ps sees both processes" 2 bash -c "'$RUNTIME' --root '$state_root' ps -f json one | jq length"
same_namespace() { [ "$(readlink "/proc/$(cat b/pid)/ns/$1")" = "$(readlink "/proc/$(cat exec.pid)/ns/$1")" ]; }
for kind in pid mnt ipc uts net user cgroup; do check "exec joins the $kind namespace" same_namespace "$kind"; done
same_cgroup() { diff "/proc/$(cat b/pid)/cgroup" "/proc/$(cat exec.pid)/cgroup"; }
check "exec joins the cgroups" same_cgroup

# --- pause and resume ------------------------------------------------------------------------------
if has_freezer; then
    check "pause" rt pause one
    check "the status is paused" status_is one paused
    check_fails "exec in a paused container" 255 'cannot exec in a paused container' rt exec one true
    check_fails "delete of a paused container" 1 'not stopped' rt delete one
    check "resume" rt resume one
    check "the status is running again" status_is one running
    check_fails "resume of a running container" 1 'not paused' rt resume one
    check "exec works again" rt exec one true
    check "pause again" rt pause one
    check "delete --force of a paused container" rt delete --force one
else
    skip "pause and resume" "no freezer here"
    rt delete --force one
fi
assert_nothing_left "delete --force takes everything away"

# --- run -------------------------------------------------------------------------------------------
for code in 0 1 2 100 126 127 128 200 255; do
    set_args b sh -c "exit $code"
    check_exit "run exits with $code" "$code" rt run -b b one
done
for pair in KILL:137 ABRT:134; do
    set_args b sh -c "sh -c 'kill -${pair%:*} \$\$'; exit \$?" # a process of the pid namespace, not its init
    check_exit "run of a shell whose child got SIG${pair%:*} exits with ${pair#*:}" "${pair#*:}" rt run -b b one
done
killed_run() {
    set_args b sleep 1000
    rt_background run -b b one
    local runner=$!
    wait_until 5 status_is one running && rt kill one "$1" && wait "$runner"
}
check_exit "run of a container killed from outside exits with 137" 137 killed_run SIGKILL
forwarded() {
    set_args b sh -c 'trap "exit 33" TERM; echo ready >/tmp/ready; while :; do sleep 0.05; done'
    rm -f b/rootfs/tmp/ready
    rt_background run -b b one
    local runner=$!
    wait_until 5 test -e b/rootfs/tmp/ready && kill -TERM "$runner" && wait "$runner"
}
check_exit "run passes signals on to the container" 33 forwarded
assert_nothing_left "run deletes the container at its end"
beside_a_foreground_run() { # COMMAND...: exits with the code of that run, or 99 if the command fails
    rt_background run -b b one
    local runner=$! failed=0
    wait_until 5 status_is one running && rt "$@" || failed=99
    rt delete --force one || failed=98
    wait "$runner" || return $((failed ? failed : $?))
    return "$failed"
}
set_args b sleep 1000
check_exit "delete --force of a container that run waits for" 137 beside_a_foreground_run list
if has_pids; then check_exit "update of one" 137 beside_a_foreground_run update --pids-limit 50 one; fi
if has_freezer; then check_exit "pause of one" 137 beside_a_foreground_run pause one; fi
successor() { # deleted and made again while the first run still waits to be told
    rt_background run -b b one
    local runner=$!
    wait_until 5 status_is one running && kill -STOP "$runner" && rt delete --force one && rt run -d -b b one &&
        kill -CONT "$runner" && ! wait "$runner" && status_is one running && rt delete --force one
}
check "run does not delete a successor of the same id" successor
assert_nothing_left
set_args b true
check "run --keep" rt run --keep -b b one
check "keeps the stopped container" status_is one stopped
check "which can be deleted" rt delete one
set_args b cat
run_stdin() { echo text | rt run -b b one; }
check_output "run passes stdin and stdout" text run_stdin
set_args b sh -c 'echo wrong >&2; exit 3'
check_fails "run passes stderr and the exit code" 3 wrong rt run -b b one
in_bundle() { (cd b && rt run one); }
set_args b echo here
check_output "the bundle is the working directory by default" here in_bundle
check_output "options may follow the id" here rt run one --bundle b
check_output "options take = and a single dash" here rt run -bundle=b one

# --- the error record ------------------------------------------------------------------------------
set_args b no-such-program
logged() { "$RUNTIME" --root "$state_root" --log "$test_dir/log.json" --log-format json "$@"; }
check_fails "an error stands on stderr in plain text too" 1 'executable file not found in $PATH' logged create -b b one
check_output "the log has exactly one record" 1 bash -c "jq -c . log.json | wc -l"
check_output "with these keys and this level" 'error level msg time' jq -r '[.level] + keys | join(" ")' log.json
check "msg is the same sentence" jq -e '.msg | contains("executable file not found in $PATH")' log.json
check "time is RFC 3339" jq -e '.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$")' log.json
logged state absent 2>/dev/null
check_output "records are appended" 2 bash -c "jq -c . log.json | wc -l"
check_fails "an unknown option" any 'flag provided but not defined: -nonsense' rt create --nonsense -b b one
check_fails "an option without its value" any 'flag needs an argument' rt create -b
assert_nothing_left

# --- version, spec, features -----------------------------------------------------------------------
check_match "--version names a version" 'version [0-9]' rt --version
check_match "--version names the specification" '^spec: 1\.' rt --version
check_match "--help shows commands" 'create' rt --help
mkdir -p fresh
check "spec writes config.json" rt spec --bundle fresh
check_fails "spec does not overwrite" 1 'exists' rt spec --bundle fresh
cp -a b/rootfs fresh/rootfs
edit_config fresh '.process.terminal = false | .process.args = ["hostname"] | .root.readonly = true'
check "what spec wrote can be run" rt run -b fresh one
check "features is JSON" bash -c "'$RUNTIME' features | jq -e '.ociVersionMin and .ociVersionMax and .hooks and .mountOptions and .linux'"
assert_nothing_left
finish
