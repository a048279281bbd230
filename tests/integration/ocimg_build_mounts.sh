#!/bin/bash
# ocimg build: RUN --mount, networks, what a step sees, failures, and builds that are killed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../support/shell_test.sh"
enter_sandbox "$@"
. "$here/../support/build_base.sh"
check "the base image is made" make_base_image base:1

# --- mounts ----------------------------------------------------------------------------------------

mkdir -p mounts/dir
echo of-context >mounts/dir/file
echo hidden >mounts/dir/hidden
echo 'dir/hidden' >mounts/.dockerignore
printf from-outside >secret.txt
cat >mounts/Dockerfile <<'END'
FROM base:1 AS other
RUN mkdir /tree && echo of-stage > /tree/file && ln -s /tree /link

FROM base:1
WORKDIR /w
RUN --mount=type=bind,source=dir,target=/in cat /in/file > bind && ! test -e /in/hidden && ! touch /in/x
RUN --mount=type=bind,from=other,source=link,target=rel cat /w/rel/file > stage
RUN --mount=type=bind,from=other,source=/tree,target=/in,rw echo changed > /in/file && cat /in/file > discarded
RUN --mount=type=bind,from=other,source=/tree,target=/in cat /in/file > untouched
RUN --mount=type=cache,id=../../../../oci-canary,target=/cache,uid=7,mode=0750 echo kept > /cache/file && stat -c '%u %a' /cache > cache-owner
RUN --mount=type=cache,id=../../../../oci-canary,target=/elsewhere,sharing=locked cat /elsewhere/file > cache
RUN --mount=type=cache,target=/filled,from=other,source=/tree cat /filled/file > filled
RUN --mount=type=tmpfs,target=/mem,size=1m grep ' /mem ' /proc/mounts | grep -c size=1024k > tmpfs
RUN --mount=type=secret,id=token cat /run/secrets/token > /dev/null && stat -c '%u %a' /run/secrets/token > secret
RUN --mount=type=secret,id=token,target=/x/y/z,mode=0440,uid=5 stat -c '%u %a' /x/y/z > secret-place
RUN --mount=type=secret,id=token,env=TOKEN test "$TOKEN" = from-outside && test ! -e /run/secrets && echo yes > secret-env
RUN --mount=type=secret,id=absent test ! -e /run/secrets && echo none > secret-absent
RUN --mount=type=ssh echo $SSH_AUTH_SOCK > ssh && test -S $SSH_AUTH_SOCK
RUN <<PYTHON
#!/bin/sh
echo script $0 > own-script
PYTHON
END
agent_socket() { python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])' agent; }
check "a socket for the agent" agent_socket
check "every kind of mount" build -t mounts:1 --secret id=token,src=secret.txt --ssh default=agent mounts
root=$(unpacked mounts:1)/w
check_output "bind of the context, without ignored files, read-only" of-context cat "$root/bind"
check_output "bind of a stage, by a link, at a relative target" of-stage cat "$root/stage"
check_output "rw: what is written is seen" changed cat "$root/discarded"
check_output "rw: and thrown away" of-stage cat "$root/untouched"
check_output "a cache is kept" kept cat "$root/cache"
check_output "a cache belongs to whom it should" "7 750" cat "$root/cache-owner"
check_output "a cache begins with what from names" of-stage cat "$root/filled"
check_output "tmpfs with its size" 1 cat "$root/tmpfs"
check_output "a secret is a file for root" "0 400" cat "$root/secret"
check_output "a secret elsewhere, of another user" "5 440" cat "$root/secret-place"
check_output "a secret as a variable" yes cat "$root/secret-env"
check_output "a secret that nobody gave" none cat "$root/secret-absent"
check_output "an ssh agent" /run/buildkit/ssh_agent.0 cat "$root/ssh"
check_output "a script with its own interpreter" "script /dev/pipes/PYTHON" cat "$root/own-script"
check_output "no mount leaves a place behind" "w" bash -c "cd $root/.. && ls -d w x run in cache mem 2>/dev/null; true"
check_output "B02: an id of a cache is no path" "" find / -xdev -name 'oci-canary*' -not -path '/proc/*'
check "another secret" build --secret id=token,env=HOME --ssh default=agent mounts
printf 'FROM base:1\nRUN --mount=type=secret,id=token,required true\n' >mounts/required
check_fails "a required secret that is missing" 1 'the secret "token" is required' build -f mounts/required mounts

# --- what RUN sees -----------------------------------------------------------------------------------

write_context sees <<'END'
FROM base:1
ARG GIVEN=argument
ENV SET=env
RUN env | sort > /env
RUN cat /etc/hosts > /hosts; hostname > /hostname
RUN --network=none ip -o link | wc -l > /links; cat /etc/resolv.conf | wc -c > /resolv
RUN grep -E '^(CapBnd|CapEff|Seccomp|NoNewPrivs):' /proc/self/status > /status
RUN umask > /umask
END
leaky_build() { env OCI_LEAK=from-host HTTP_PROXY= bash -c 'umask 077; exec "$@"' build "$ocimg" build --progress plain --runtime "$RUNTIME" -t sees:1 --add-host other.example:10.0.0.7 sees; }
check "a build with a leaky environment" leaky_build
root=$(unpacked sees:1)
check_output "B15: the environment is the image's and the build's own" "GIVEN=argument
HOME=/root
PATH=/bin
PWD=/
SET=env
SHLVL=1" cat "$root/env"
check_match "--add-host" "^10.0.0.7[[:space:]]other.example" cat "$root/hosts"
check_output "the host's name is not told" buildsandbox cat "$root/hostname"
check_output "--network=none leaves loopback" 1 cat "$root/links"
check_output "and no resolver" 0 cat "$root/resolv"
check_output "the caller's umask does not reach RUN" 0022 cat "$root/umask"
check_match "B06: a seccomp filter, Docker's capabilities" "^Seccomp:[[:space:]]2" cat "$root/status"
check_match "B06: the fourteen of Docker" "^CapBnd:[[:space:]]00000000a80425fb" cat "$root/status"
for value in bogus privileged; do
    printf 'FROM base:1\nRUN --security=%s true\n' "$value" >sees/security
    check_not "B06: --security=$value is refused" build -f sees/security sees
done
printf 'FROM base:1\nRUN --security=insecure grep Seccomp: /proc/self/status\n' >sees/security
check_fails "B06: insecure needs to be allowed" 1 "--allow security.insecure" build -f sees/security sees
check "--allow security.insecure" build --allow security.insecure -f sees/security sees

# --- failures and kills --------------------------------------------------------------------------------

write_context fails <<'END'
FROM base:1
RUN echo kept > /kept
RUN echo one; echo half-done > /half; echo the reason >&2; exit 7
END
check_fails "a failed command shows its output" 1 "the reason" build -t fails:1 fails
check_output "no image appears" "" digest_of fails:1
check_fails "--on-failure keep" 1 "Enter it with: ocirun run --bundle $test_dir/ocimg-failed-" build --on-failure keep fails
check_output "the bundle holds the half-done state" half-done bash -c "cat $test_dir/ocimg-failed-*/rootfs/half"
enter_failed() { echo 'cat /half' | rt run --bundle "$(echo "$test_dir"/ocimg-failed-*)" failed; }
check_output "and can be entered" half-done enter_failed
shell_in_failed() { echo 'echo I see $(cat /half) >&2' | timeout 60 "$ocimg" build --progress quiet --runtime "$RUNTIME" --on-failure shell fails; }
check_fails "--on-failure shell" 1 "I see half-done" shell_in_failed

write_context killed <<'END'
FROM base:1
RUN echo before > /before
RUN touch /started && sleep 1000
END
printf 'FROM base:1\nRUN exit 9\n' >killed/next
sleeping() { pgrep -f 'sleep 1000' >/dev/null; }
not_sleeping() { ! sleeping; }
build_cgroups() { find /sys/fs/cgroup -type d -name 'ocimg-*' 2>/dev/null | grep -F -f <(sed 's/^/ocimg-/' works); true; }
kill_in_a_step() { # PROCESS: "outer" (the command itself) or "inner" (the process that does the work)
    rm -f works
    "$ocimg" build --progress plain --runtime "$RUNTIME" -t killed:1 killed 2>killed.log &
    local victim=$! status=0
    wait_until 20 sleeping || return 1
    ls "$OCIMG_CACHE/build/work" >works
    [ "$1" = outer ] || victim=$(pgrep -P "$victim")
    kill -KILL "$victim"
    wait %% 2>/dev/null || status=$?
    [ "$status" -ne 0 ]
}
for process in outer inner; do
    check "a build is killed in a step ($process process)" kill_in_a_step $process
    # At once: what was killed may still be on its way out.
    check_fails "the next build" 1 "exit status 9" build -f killed/next -t killed:1 killed
    check_output "finds no cgroup of the killed one" "" build_cgroups
    check_output "and no working directory" "" ls "$OCIMG_CACHE/build/work"
    check "the processes are gone" wait_until 10 not_sleeping
    check_output "no mount is left" "" left_mounts
    check_output "no image appears" "" digest_of killed:1
done
occupied() { # SECONDS: a build is killed, and its cgroups stay in use for so long
    kill_in_a_step outer || return 1
    sleep "$1" &
    local pid=$! procs
    expect_process "$pid"
    for procs in $(build_cgroups); do echo "$pid" >"$procs/cgroup.procs"; done
    [ -n "$(build_cgroups)" ]
}
check "a killed build whose cgroups are in use for a moment" occupied 0.4
check_fails "the next build" 1 "exit status 9" build -f killed/next killed
check_output "waits for them" "" build_cgroups
check "a killed build whose cgroups are in use for longer" occupied 4
check_fails "the next build" 1 "exit status 9" build -f killed/next killed
check_not "leaves them" test -z "$(build_cgroups)"
wait
check_fails "the one after that" 1 "exit status 9" build -f killed/next killed
check_output "finds and removes them" "" build_cgroups
sed -i 's/sleep 1000/true/' killed/Dockerfile
check "the build itself, again" bash -c "'$ocimg' build --progress plain --runtime '$RUNTIME' -t killed:1 killed 2>resumed.log"
check_output "goes on from the cache" 1 grep -c CACHED resumed.log
check_output "the layout has no half blob" "" find "$OCIMG_STORE" -name '*partial*' -o -name '*.tmp*'
check "and is a good one" "$ocimg" validate "$OCIMG_STORE"

assert_nothing_left
finish
