// runtime-spec config.md "Process", "POSIX process", "User".

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;

namespace {

/// create is an error when this part of the configuration has this value.
void refuses(Case& c, const char* pointer, const char* json, const char* what) {
    Bundle bundle = c.bundle();
    bundle.set(pointer, json);
    c.refused(bundle, what);
}

/// The one descriptor that comes over a connection; -1 when none does.
int receive_descriptor(int connection) {
    char text[4096];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    iovec part{text, sizeof text};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (::recvmsg(connection, &message, MSG_CMSG_CLOEXEC) < 0) return -1;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    int number = -1;
    if (header != nullptr) std::memcpy(&number, CMSG_DATA(header), sizeof number);
    return number;
}

}  // namespace

RUNTIME_CASE_OF_USERS("process/args") {
    Bundle bundle = c.bundle();
    bundle.set("/process/args", R"(["/probe", "one", "", "with space", "\"quoted\""])");
    c.equal("argv", c.facts(bundle)["argv"], R"(["/probe", "one", "", "with space", "\"quoted\""])");
}

RUNTIME_CASE_OF_USERS("process/args-search-path") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/bin").probe_at("rootfs/bin/of-the-path");
    bundle.set("/process/args", R"(["of-the-path", "x"])").set("/process/env", R"(["PATH=/nowhere:/bin"])");
    c.equal("argv", c.facts(bundle)["argv"], R"(["of-the-path", "x"])");
}

RUNTIME_CASE_OF_USERS("process/args-empty") {
    refuses(c, "/process/args", "[]", "an empty list of args");
}

RUNTIME_CASE("process/args-absent") {
    Bundle bundle = c.bundle();
    bundle.erase("/process/args");
    c.refused(bundle, "a process without args");
}

RUNTIME_CASE_OF_USERS("process/env") {
    Bundle bundle = c.bundle();
    bundle.set("/process/env", R"(["PATH=/bin", "A=1", "EMPTY=", "B=x=y"])");
    const Json env = c.facts(bundle)["env"];
    for (const char* variable : {"PATH=/bin", "A=1", "EMPTY=", "B=x=y"})
        c.holds("the environment", env, variable);
    for (const Json& variable : env.items())
        c.check(!variable.str().starts_with("SHELL=") && !variable.str().starts_with("PWD="),
                "nothing of the caller's environment is in it", variable.str());
}

RUNTIME_CASE_OF_USERS("process/cwd") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/work/here").set("/process/cwd", R"("/work/here")");
    c.equal("the working directory", c.facts(bundle)["cwd"].str(), "/work/here");
}

RUNTIME_CASE_OF_USERS("process/cwd-relative") {
    refuses(c, "/process/cwd", R"("tmp")", "a relative working directory");
}

RUNTIME_CASE("process/cwd-absent") {
    Bundle bundle = c.bundle();
    bundle.erase("/process/cwd");
    c.refused(bundle, "a process without a working directory");
}

RUNTIME_CASE_OF_KERNELS("process/user") {
    Bundle bundle = c.bundle();
    bundle.set("/process/user", R"({"uid": 1000, "gid": 1001})");
    const Json facts = c.facts(bundle);
    c.equal("real, effective and saved uid", facts["uid"], "[1000, 1000, 1000]");
    c.equal("real, effective and saved gid", facts["gid"], "[1001, 1001, 1001]");
}

RUNTIME_CASE("process/user-additional-gids") {
    Bundle bundle = c.bundle();
    bundle.set("/process/user", R"({"uid": 1000, "gid": 1001, "additionalGids": [5, 7, 2147483647]})");
    const Json groups = c.facts(bundle)["groups"];
    for (const char* group : {"5", "7", "2147483647"}) c.holds("the groups", groups, group);
    c.lacks("the groups", groups, "0");
}

RUNTIME_CASE("process/user-umask") {
    Bundle bundle = c.bundle();
    bundle.set("/process/user/umask", "23");
    c.equal("the umask", c.facts(bundle)["umask"], "23");
}

RUNTIME_CASE_OF_USERS("process/no-terminal") {
    Bundle bundle = c.bundle();
    bundle.set("/process/terminal", "false").set("/process/consoleSize", R"({"height": 11, "width": 22})");
    const Json facts = c.facts(bundle);
    c.equal("standard input is a terminal", facts["terminal"]["isTerminal"], "0");
}

RUNTIME_CASE_OF_KERNELS("process/terminal") {
    Bundle bundle = c.bundle();
    bundle.set("/process/terminal", "true").set("/process/consoleSize", R"({"height": 11, "width": 22})");
    bundle.ask({"mark=/facts", "stat=/dev/console"});
    const std::string path = c.path("console.sock");
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    c.need(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               ::listen(listener, 1) == 0,
           "a console socket");
    conformance::Container container(c, bundle);
    c.need(container.create({"--console-socket", path}), "create with a terminal succeeds");
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    c.need(connection >= 0, "the runtime connects to the console socket");
    const oci::Fd terminal(receive_descriptor(connection));
    c.need(terminal.is_open(), "the runtime sends the terminal");
    c.need(container.start() && container.wait_until_stopped(), "the container runs and ends");
    const Json facts = Json::of(conformance::read_text(bundle.path("rootfs/facts")));
    c.equal("type of /dev/console", facts["stat=/dev/console"]["type"].str(), "c");
    c.equal("standard input is a terminal", facts["terminal"]["isTerminal"], "1");
    c.equal("its rows", facts["terminal"]["rows"], "11");
    c.equal("its columns", facts["terminal"]["columns"], "22");
}

RUNTIME_CASE_OF_USERS("process/no-extra-descriptors") {
    const Bundle bundle = c.bundle();
    c.equal("open descriptors", c.facts(bundle)["fds"], "[0, 1, 2]");
}

RUNTIME_CASE_OF_USERS("process/rlimits") {
    Bundle bundle = c.bundle();
    bundle.set("/process/rlimits", R"([{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200},
                                       {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
                                       {"type": "RLIMIT_CPU", "soft": 1000, "hard": 2000},
                                       {"type": "RLIMIT_FSIZE", "soft": 1048576, "hard": 2097152},
                                       {"type": "RLIMIT_STACK", "soft": 4194304, "hard": 8388608}])");
    const Json limits = c.facts(bundle)["rlimits"];
    c.equal("RLIMIT_NOFILE", limits["RLIMIT_NOFILE"], "[100, 200]");
    c.equal("RLIMIT_CORE", limits["RLIMIT_CORE"], "[0, 0]");
    c.equal("RLIMIT_CPU", limits["RLIMIT_CPU"], "[1000, 2000]");
    c.equal("RLIMIT_FSIZE", limits["RLIMIT_FSIZE"], "[1048576, 2097152]");
    c.equal("RLIMIT_STACK", limits["RLIMIT_STACK"], "[4194304, 8388608]");
}

RUNTIME_CASE("process/rlimits-unknown") {
    refuses(c, "/process/rlimits", R"([{"type": "RLIMIT_CONFORMANCE", "soft": 1, "hard": 1}])",
            "an unknown limit");
}

RUNTIME_CASE("process/rlimits-duplicate") {
    refuses(
        c, "/process/rlimits",
        R"([{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}])",
        "a limit that is given twice");
}

RUNTIME_CASE("process/rlimits-soft-above-hard") {
    refuses(c, "/process/rlimits", R"([{"type": "RLIMIT_NOFILE", "soft": 300, "hard": 200}])",
            "a soft limit above the hard one");
}

RUNTIME_CASE_OF_USERS("process/no-new-privileges") {
    Bundle bundle = c.bundle();
    c.equal("no_new_privs when true", c.facts(bundle)["noNewPrivileges"], "1");
    bundle.set("/process/noNewPrivileges", "false");
    c.equal("no_new_privs when false", c.facts(bundle)["noNewPrivileges"], "0");
}

RUNTIME_CASE_OF_USERS("process/oom-score-adj") {
    Bundle bundle = c.bundle();
    bundle.set("/process/oomScoreAdj", "777");
    c.equal("oom_score_adj", c.facts(bundle)["oomScoreAdj"], "777");
}

RUNTIME_CASE("process/oom-score-adj-unset") {
    c.need(conformance::write_file("/proc/self/oom_score_adj", "321"), "a value to be kept");
    const Bundle bundle = c.bundle();
    c.equal("oom_score_adj", c.facts(bundle)["oomScoreAdj"], "321");
}
