// runtime-spec config-linux.md "Namespaces", "User namespace mappings", "Offset for Time Namespace".

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;

namespace {

struct Kind {
    const char* type;  // in config.json
    const char* file;  // in /proc/PID/ns
    int flag;
};
constexpr Kind kinds[] = {{"pid", "pid", CLONE_NEWPID},   {"network", "net", CLONE_NEWNET},
                          {"ipc", "ipc", CLONE_NEWIPC},   {"uts", "uts", CLONE_NEWUTS},
                          {"mount", "mnt", CLONE_NEWNS},  {"cgroup", "cgroup", CLONE_NEWCGROUP},
                          {"time", "time", CLONE_NEWTIME}};

std::string link_of(const std::string& path) {
    char target[64] = {};
    return ::readlink(path.c_str(), target, sizeof target - 1) < 0 ? "" : target;
}

const Kind& kind_of(const std::string& type) {
    for (const Kind& kind : kinds)
        if (type == kind.type) return kind;
    return kinds[0];
}

void is_new(Case& c, const std::string& type) {
    Bundle bundle = c.bundle();
    bundle.enter_namespace(type);
    const Kind& kind = kind_of(type);
    const std::string inside = c.facts(bundle)["namespaces"][kind.file].str();
    c.check(!inside.empty() && inside != link_of(std::string("/proc/self/ns/") + kind.file),
            "the container has a new " + type + " namespace", inside);
}

void is_inherited(Case& c, const std::string& type) {
    Bundle bundle = c.bundle();
    bundle.leave_namespace(type);
    if (type == "uts") bundle.erase("/hostname");
    const Kind& kind = kind_of(type);
    c.equal("the " + type + " namespace", c.facts(bundle)["namespaces"][kind.file].str(),
            link_of(std::string("/proc/self/ns/") + kind.file));
}

/// A process in a new namespace that stays until the case ends.
pid_t hold_namespace(Case& c, int flag) {
    int ready[2] = {-1, -1};
    c.need(::pipe2(ready, O_CLOEXEC) == 0, "a pipe");
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const bool entered = ::unshare(flag) == 0;
        // A pid or time namespace begins with the next child.
        if (entered && (flag == CLONE_NEWPID || flag == CLONE_NEWTIME)) {
            const pid_t first = ::fork();
            if (first == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                static_cast<void>(!::write(ready[1], "x", 1));
                while (true) ::pause();
            }
            while (true) ::pause();
        }
        static_cast<void>(!::write(ready[1], entered ? "x" : "-", 1));
        while (true) ::pause();
    }
    char answer = 0;
    c.need(::read(ready[0], &answer, 1) == 1 && answer == 'x', "a namespace to join");
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
}

void is_joined(Case& c, const std::string& type) {
    const Kind& kind = kind_of(type);
    const pid_t holder = hold_namespace(c, kind.flag);
    const bool of_children = kind.flag == CLONE_NEWPID || kind.flag == CLONE_NEWTIME;
    const std::string path =
        "/proc/" + std::to_string(holder) + "/ns/" + kind.file + (of_children ? "_for_children" : "");
    Bundle bundle = c.bundle();
    if (type == "uts") bundle.erase("/hostname");
    bundle.enter_namespace(type, path);
    c.equal("the " + type + " namespace", c.facts(bundle)["namespaces"][kind.file].str(), link_of(path));
}

/// A user namespace whose root is an unprivileged user outside.
void map_ids(Bundle& bundle) {
    bundle.enter_namespace("user")
        .set("/linux/uidMappings", R"([{"containerID": 0, "hostID": 100000, "size": 1000},
                                       {"containerID": 5000, "hostID": 200000, "size": 10}])")
        .set("/linux/gidMappings", R"([{"containerID": 0, "hostID": 300000, "size": 2000}])");
    bundle.owner("rootfs", 100000, 300000);
    ::chmod(bundle.path("").c_str(), 0755);
}

}  // namespace

RUNTIME_CASE_OF_KERNELS("namespaces/new-pid") {
    is_new(c, "pid");
    Bundle bundle = c.bundle();
    c.equal("pid of the process", c.facts(bundle)["pid"], "1");
}
RUNTIME_CASE_OF_USERS("namespaces/new-network") {
    is_new(c, "network");
}
RUNTIME_CASE_OF_USERS("namespaces/new-ipc") {
    is_new(c, "ipc");
}
RUNTIME_CASE_OF_USERS("namespaces/new-uts") {
    is_new(c, "uts");
}
RUNTIME_CASE_OF_USERS("namespaces/new-mount") {
    is_new(c, "mount");
}
RUNTIME_CASE_OF_CGROUPS("namespaces/new-cgroup") {
    is_new(c, "cgroup");
    Bundle bundle = c.bundle();
    bundle.enter_namespace("cgroup");
    const Json facts = c.facts(bundle);
    for (const Json& line : facts["cgroup"].items())
        c.check(line.str().find(bundle.cgroup()) == std::string::npos,
                "the container sees its cgroup as the root", line.str());
}
RUNTIME_CASE_OF_USERS("namespaces/new-time") {
    c.since("1.1.0");
    is_new(c, "time");
}

RUNTIME_CASE("namespaces/inherit-pid") {
    is_inherited(c, "pid");
}
RUNTIME_CASE("namespaces/inherit-network") {
    is_inherited(c, "network");
}
RUNTIME_CASE("namespaces/inherit-ipc") {
    is_inherited(c, "ipc");
}
RUNTIME_CASE("namespaces/inherit-uts") {
    is_inherited(c, "uts");
}
RUNTIME_CASE("namespaces/inherit-cgroup") {
    is_inherited(c, "cgroup");
}
RUNTIME_CASE("namespaces/inherit-time") {
    is_inherited(c, "time");
}
RUNTIME_CASE("namespaces/inherit-user") {
    const Bundle bundle = c.bundle();
    c.equal("the user namespace", c.facts(bundle)["namespaces"]["user"].str(), link_of("/proc/self/ns/user"));
}

RUNTIME_CASE_OF_KERNELS("namespaces/join-pid") {
    is_joined(c, "pid");
}
RUNTIME_CASE("namespaces/join-network") {
    is_joined(c, "network");
}
RUNTIME_CASE("namespaces/join-ipc") {
    is_joined(c, "ipc");
}
RUNTIME_CASE("namespaces/join-uts") {
    is_joined(c, "uts");
}
RUNTIME_CASE("namespaces/join-cgroup") {
    is_joined(c, "cgroup");
}
RUNTIME_CASE("namespaces/join-time") {
    c.since("1.1.0");
    is_joined(c, "time");
}

RUNTIME_CASE("namespaces/join-wrong-type") {
    Bundle bundle = c.bundle();
    bundle.enter_namespace("network", "/proc/self/ns/ipc");
    c.refused(bundle, "a network namespace whose path is an ipc namespace");
    Bundle other = c.bundle("other");
    other.file("no-namespace", "").enter_namespace("ipc", other.path("no-namespace"));
    c.refused(other, "a namespace path that is a regular file");
}

RUNTIME_CASE("namespaces/join-missing") {
    Bundle bundle = c.bundle();
    bundle.enter_namespace("network", c.path("does-not-exist"));
    c.refused(bundle, "a namespace path that does not exist");
}

RUNTIME_CASE("namespaces/join-relative") {
    Bundle bundle = c.bundle();
    bundle.enter_namespace("network", "proc/self/ns/net");
    c.refused(bundle, "a relative namespace path");
}

RUNTIME_CASE_OF_USERS("namespaces/duplicate") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/namespaces/-", R"({"type": "ipc"})");
    c.refused(bundle, "two ipc namespaces");
}

RUNTIME_CASE_OF_USERS("namespaces/unknown") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/namespaces/-", R"({"type": "conformance"})");
    c.refused(bundle, "an unknown type of namespace");
}

RUNTIME_CASE_OF_KERNELS("namespaces/user-mappings") {
    Bundle bundle = c.bundle();
    map_ids(bundle);
    const Json facts = c.facts(bundle);
    c.check(facts["namespaces"]["user"].str() != link_of("/proc/self/ns/user"), "the user namespace is new");
    const auto numbers = [](const Json& line) {
        Json list = Json::array();
        std::string word;
        for (const char letter : line.str() + " ") {
            if (letter != ' ') word += letter;
            if (letter == ' ' && !word.empty()) list.push(Json::of(std::exchange(word, "")));
        }
        return list;
    };
    c.equal("first line of uid_map", numbers(facts["uidMap"][std::size_t{0}]), "[0, 100000, 1000]");
    c.equal("second line of uid_map", numbers(facts["uidMap"][std::size_t{1}]), "[5000, 200000, 10]");
    c.equal("gid_map", numbers(facts["gidMap"][std::size_t{0}]), "[0, 300000, 2000]");
    c.equal("ids inside", facts["uid"], "[0, 0, 0]");
}

RUNTIME_CASE("namespaces/user-mappings-keep-owners") {
    Bundle bundle = c.bundle();
    map_ids(bundle);
    bundle.ask({"stat=/probe", "stat=/owned"}).file("rootfs/owned", "x");
    bundle.owner("rootfs/owned", 100007, 300007);
    const Json facts = c.facts(bundle);
    c.equal("owner of a mapped file inside", facts["stat=/owned"]["uid"], "7");
    struct stat status {};
    ::stat(bundle.path("rootfs/owned").c_str(), &status);
    c.equal("its owner on the host", std::to_string(status.st_uid), "100007");
    ::stat(bundle.path("rootfs/probe").c_str(), &status);
    c.equal("owner of an unmapped file on the host", std::to_string(status.st_uid), "0");
}

RUNTIME_CASE("namespaces/time-offsets") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.enter_namespace("time").set("/linux/timeOffsets", R"({"monotonic": {"secs": 172800, "nanosecs": 5},
                                                                "boottime": {"secs": 604800, "nanosecs": 7}})");
    const Json facts = c.facts(bundle);
    std::string text;
    for (const Json& line : facts["timeOffsets"].items())
        for (const char letter : line.str() + "\n")
            if (letter != ' ' && letter != '\t') text += letter;
    c.equal("offsets", text, "monotonic1728005\nboottime6048007\n");
}
