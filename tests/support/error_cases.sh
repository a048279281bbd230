# The cases of tests/engines/errors.sh, and for each what the message has to say.
# shellcheck shell=bash

three "The command is not in the image" "busybox no-such-command" 'exec: "no-such-command": executable file not found in \$PATH \(PATH is' \
    busybox no-such-command
three "The image's entry point is missing" "busybox /entrypoint.sh" '/entrypoint.sh: no such file or directory in the container' busybox /entrypoint.sh
three "The file is not executable" "busybox /bin/not-executable" 'not-executable.*permission denied.*mode 0644' busybox /bin/not-executable
three "The script's interpreter is not in the image" "busybox /scripts/bash.sh" 'bash.sh: no such file or directory: its interpreter "/bin/bash"' busybox /scripts/bash.sh
case_of "The script has line ends of Windows" "docker run busybox /scripts/windows.sh" 'windows.sh.*(carriage return|CR)' by_docker busybox /scripts/windows.sh
case_of "The script has no #! line" "docker run busybox /scripts/none.sh" 'none.sh.*exec format error.*#!' by_docker busybox /scripts/none.sh
case_of "The program is for another machine" "docker run busybox /scripts/arm" 'arm.*exec format error.*(aarch64|arm64)' by_docker busybox /scripts/arm
case_of "A directory is mounted onto a file" "docker run -v \$PWD/data:/etc/passwd busybox true" 'mounts\[[0-9]+\].*/etc/passwd: the source is a directory.*is a file: not a directory' \
    by_docker -v "$work/data:/etc/passwd" busybox true
case_of "The working directory is a file" "ctr run --cwd /etc/passwd busybox true" 'cwd.*/etc/passwd.*not a directory' by_ctr --cwd /etc/passwd busybox true
for engine in docker podman; do
    case_of "A limit above what this machine's root may set" "$engine run --ulimit nofile=9999999:9999999 busybox true" \
        'RLIMIT_NOFILE.*9999999.*operation not permitted: the hard limit here is [0-9]+' "by_$engine" --ulimit nofile=9999999:9999999 --ulimit nproc=10 busybox true
done
case_of "The seccomp profile forbids execve" "docker run --security-opt seccomp=noexec.json busybox true" 'seccomp' \
    by_docker --security-opt seccomp="$work/noexec.json" busybox true
case_of "The seccomp profile kills the program" "(by hand) mkdir is killed" 'SIGSYS.*linux.seccomp' \
    by_hand '.process.args = ["mkdir", "/x"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS"}]}'
case_of "The memory limit is too low for the program" "(by hand) memory.limit of 16 MiB" 'more memory than linux.resources.memory.limit' \
    by_hand '.process.args = ["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"] | .linux.resources.memory = {limit: 16777216, swap: 16777216}'
case_of "The port is in use" "docker run -p 127.0.0.1:18080:80 busybox httpd -f" 'port is already allocated' port_in_use
case_of "The memory limit is too low to start" "(by hand) memory.limit of 100 KiB" 'memory limit too low.*102400' by_hand '.linux.resources.memory = {limit: 102400}'
case_of "A cgroup controller is absent" "(by hand) a memory limit without the memory controller" 'memory.*controller|controller.*memory' without_controller
case_of "Unprivileged user namespaces are off" "(by hand) user.max_user_namespaces is 0" 'max_user_namespaces' without_user_namespaces
case_of "The root file system is read-only" "(by hand) a mount target that is not there" 'mounts\[[0-9]+\].*/missing.*read-only file system' readonly_root
case_of "There is no bundle here" "ocirun run box" 'config.json.*no such file' no_bundle
case_of "config.json is not JSON" "ocirun run box" 'config.json:[0-9]+:[0-9]+' broken_json
case_of "The container's name is taken" "ocirun run box" 'already exists' same_id
case_of "exec in a container that has ended" "ocirun exec box ls" 'stopped container: the process of .*box.* has ended' exec_stopped
case_of "A terminal is asked for, and nobody gives one" "ocirun run --detach box" 'process.terminal is true; give --console-socket' by_hand '.process.terminal = true' --detach
case_of "A mount's source is not there" "(by hand)" 'mounts\[[0-9]+\].*/no/such/place.*no such file' by_hand '.mounts += [{destination: "/data", type: "bind", source: "/no/such/place", options: ["bind"]}]'
case_of "root.path is not there" "(by hand)" 'root.path.*no such file' by_hand '.root.path = "nothing"'
