// runtime-spec config-linux.md "Seccomp": actions and conditions.

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;

namespace {

/// What a filter with one rule makes of calls ("getpgid,0").
Json with_rule(Case& c, const std::string& rule, const std::vector<std::string>& calls) {
    Bundle bundle = c.bundle();
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []})");
    bundle.set("/linux/seccomp/syscalls/-", rule);
    std::vector<std::string> requests;
    requests.reserve(calls.size());
    for (const std::string& call : calls) requests.push_back("syscall=" + call);
    bundle.ask(requests);
    return c.facts(bundle);
}

/// umask with these arguments: `hit` is stopped by the condition, `miss` is not.
void condition(Case& c, const std::string& arg, const std::string& hit, const std::string& miss) {
    const Json facts = with_rule(
        c, R"({"names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22, "args": [)" + arg + "]}",
        {"umask," + hit, "umask," + miss});
    c.equal("umask(" + hit + ")", facts["syscall=umask," + hit]["errno"].str(), "EINVAL");
    c.equal("umask(" + miss + ")", facts["syscall=umask," + miss]["errno"].str(), "");
}

void refused(Case& c, const char* seccomp, const char* what) {
    Bundle bundle = c.bundle();
    bundle.set("/linux/seccomp", seccomp);
    c.refused(bundle, what);
}

}  // namespace

RUNTIME_CASE_OF_USERS("seccomp/errno") {
    const Json facts =
        with_rule(c, R"({"names": ["getpgid"], "action": "SCMP_ACT_ERRNO"})", {"getpgid,0", "umask,18"});
    c.equal("errno without errnoRet", facts["syscall=getpgid,0"]["errno"].str(), "EPERM");
    c.equal("another call", facts["syscall=umask,18"]["errno"].str(), "");
    c.equal("mode of seccomp", facts["seccompMode"].str(), "2");
}

RUNTIME_CASE("seccomp/errno-ret") {
    const Json facts =
        with_rule(c, R"({"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95})", {"getpgid,0"});
    c.equal("errno", facts["syscall=getpgid,0"]["errno"].str(), "EOPNOTSUPP");
}

RUNTIME_CASE_OF_USERS("seccomp/default-action") {
    // Everything is ENOSYS but what the probe and a runtime's last steps may need.
    Bundle bundle = c.bundle();
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW"})").ask({"syscall=getpgid,0"});
    c.equal("a call under an allowing default", c.facts(bundle)["syscall=getpgid,0"]["errno"].str(), "");
    bundle = c.bundle();
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_LOG"})").ask({"syscall=getpgid,0"});
    const Json facts = c.facts(bundle);
    c.equal("mode of seccomp under a logging default", facts["seccompMode"].str(), "2");
}

RUNTIME_CASE("seccomp/allow-list") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
        {"names": ["read", "write", "open", "openat", "close", "fstat", "newfstatat", "stat", "lstat", "mmap", "mprotect",
                   "munmap", "brk", "execve", "exit", "exit_group", "arch_prctl", "set_tid_address", "set_robust_list",
                   "rseq", "prlimit64", "getrandom", "readlink", "readlinkat", "getuid", "getgid", "getresuid",
                   "getresgid", "getgroups", "umask", "getcwd", "getpid", "getsid", "getdents64", "ioctl", "prctl",
                   "sched_getattr", "ioprio_get", "sched_getaffinity", "personality", "get_mempolicy", "uname", "writev",
                   "fcntl", "futex", "rt_sigaction", "rt_sigprocmask", "epoll_ctl", "epoll_pwait", "epoll_wait",
                   "getppid", "gettid", "tgkill", "capget", "capset", "setuid", "setgid", "setgroups", "setresuid",
                   "setresgid", "chdir", "fchdir", "nanosleep", "clock_nanosleep", "sigaltstack", "rt_sigreturn",
                   "sched_yield", "close_range", "faccessat", "faccessat2", "access", "statx", "fstatfs", "statfs",
                   "lseek", "dup3", "pipe2", "epoll_create1", "eventfd2", "clone", "madvise", "getrlimit", "sendto",
                   "sendmsg", "recvmsg", "shutdown", "seccomp", "execveat"],
         "action": "SCMP_ACT_ALLOW"}]})");
    bundle.ask({"syscall=getpgid,0", "syscall=getcwd"});
    const Json facts = c.facts(bundle);
    c.equal("a call that is not listed", facts["syscall=getpgid,0"]["errno"].str(), "ENOSYS");
}

RUNTIME_CASE_OF_USERS("seccomp/kill-process") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["getpgid"], "action": "SCMP_ACT_KILL_PROCESS"}]})");
    bundle.ask({"append=/before,x", "syscall=getpgid,0", "append=/after,x"});
    const auto result = c.run(bundle);
    c.check(!result.ok(), "the process does not end well");
    c.equal("what it did before", conformance::read_text(bundle.path("rootfs/before")), "x\n");
    c.equal("what it did after", conformance::read_text(bundle.path("rootfs/after")), "");
}

RUNTIME_CASE_OF_USERS("seccomp/arg-equal") {
    condition(c, R"({"index": 0, "value": 7, "op": "SCMP_CMP_EQ"})", "7", "8");
}
RUNTIME_CASE("seccomp/arg-not-equal") {
    condition(c, R"({"index": 0, "value": 7, "op": "SCMP_CMP_NE"})", "8", "7");
}
RUNTIME_CASE("seccomp/arg-less") {
    condition(c, R"({"index": 0, "value": 7, "op": "SCMP_CMP_LT"})", "6", "7");
}
RUNTIME_CASE("seccomp/arg-less-or-equal") {
    condition(c, R"({"index": 0, "value": 7, "op": "SCMP_CMP_LE"})", "7", "8");
}
RUNTIME_CASE("seccomp/arg-greater") {
    condition(c, R"({"index": 0, "value": 7, "op": "SCMP_CMP_GT"})", "8", "7");
}
RUNTIME_CASE("seccomp/arg-greater-or-equal") {
    condition(c, R"({"index": 0, "value": 7, "op": "SCMP_CMP_GE"})", "7", "6");
}
RUNTIME_CASE("seccomp/arg-masked-equal") {
    condition(c, R"({"index": 0, "value": 6, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"})", "10", "4");
}

RUNTIME_CASE("seccomp/unknown-action") {
    refused(c, R"({"defaultAction": "SCMP_ACT_CONFORMANCE"})", "an unknown action");
}
RUNTIME_CASE("seccomp/without-default") {
    refused(c, R"({"syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO"}]})", "no default action");
}
RUNTIME_CASE("seccomp/without-names") {
    refused(c,
            R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]})",
            "a rule without names");
}
RUNTIME_CASE("seccomp/errno-for-kill") {
    refused(c, R"({"defaultAction": "SCMP_ACT_ALLOW",
                   "syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_KILL", "errnoRet": 5}]})",
            "an errno for an action that takes none");
    Bundle bundle = c.bundle("second");
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 5})");
    c.refused(bundle, "an errno for a default action that takes none");
}
RUNTIME_CASE("seccomp/metadata-without-listener") {
    refused(c, R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"})",
            "metadata for a listener without a listener");
}
RUNTIME_CASE("seccomp/listener-missing") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/nowhere/no.sock",
        "syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_NOTIFY"}]})");
    c.record_config(bundle.write());
    const auto created = c.call("create", {{"bundle", bundle.path()}, {"id", c.unique()}});
    // The filter may be installed by create or by start.
    const bool started = created.ok() && c.call("start", {{"id", c.unique()}}).ok();
    c.check(!started, "a container whose listener cannot be reached does not start");
    c.call("delete-force", {{"id", c.unique()}});
}
