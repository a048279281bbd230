#include "runtime/launch/host_report.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"

namespace ocirun {

namespace {

bool exists(const char* path) {
    return ::access(path, F_OK) == 0;
}

std::string first_line(const char* path) {
    const auto text = oci::read_kernel_file(path);
    return text ? std::string(oci::trim(*text)) : std::string();
}

void add_kernel(std::vector<ReportItem>& items) {
    utsname name{};
    ::uname(&name);
    items.push_back({"kernel", Support::yes, std::string("Linux ") + name.release + " on " + name.machine});
}

void add_namespaces(std::vector<ReportItem>& items) {
    struct Kind {
        const char* name;
        const char* file;
    };
    constexpr Kind kinds[] = {{"pid", "pid"}, {"network", "net"}, {"mount", "mnt"},     {"ipc", "ipc"},
                              {"uts", "uts"}, {"user", "user"},   {"cgroup", "cgroup"}, {"time", "time"}};
    std::string missing;
    for (const Kind& kind : kinds) {
        if (!exists((std::string("/proc/self/ns/") + kind.file).c_str()))
            missing += (missing.empty() ? "" : ", ") + std::string(kind.name);
    }
    items.push_back({"namespaces", missing.empty() ? Support::yes : Support::partly,
                     missing.empty() ? "every kind" : "the kernel lacks " + missing});
    const bool allowed = first_line("/proc/sys/user/max_user_namespaces") != "0";
    items.push_back({"user namespaces", allowed ? Support::yes : Support::no,
                     allowed ? "allowed" : "forbidden by /proc/sys/user/max_user_namespaces"});
}

void add_cgroups(std::vector<ReportItem>& items) {
    const auto facts = probe_cgroups();
    if (!facts || facts->version == CgroupVersion::none) {
        items.push_back({"cgroups", Support::no, "not mounted: limits, pause and events are not possible"});
        return;
    }
    if (facts->version == CgroupVersion::v2) {
        items.push_back(
            {"cgroups", Support::yes,
             "version 2 at " + facts->unified_mount_point + " with " +
                 (facts->unified_controllers.empty() ? "no controllers"
                                                     : oci::join(facts->unified_controllers, ", "))});
        return;
    }
    std::string names;
    for (const CgroupHierarchy& hierarchy : facts->hierarchies)
        names += (names.empty() ? "" : ", ") + oci::join(hierarchy.controllers, "+");
    items.push_back({"cgroups", Support::partly, "version 1 with " + names + "; unified is not possible"});
}

/// A call with arguments that cannot succeed: only a kernel without it says ENOSYS.
bool has_call(long number) {
    return ::syscall(number, -1L, 0L, 0L, 0L, 0L, 0L) >= 0 || errno != ENOSYS;
}

void add_calls(std::vector<ReportItem>& items) {
    struct Call {
        const char* name;
        long number;
        const char* without;
    };
    const Call calls[] = {
        {"openat2", SYS_openat2, "paths below the root are walked step by step"},
        {"open_tree and move_mount", SYS_open_tree,
         "mounts go by mount(2), and a running container gets none"},
        {"fsopen", SYS_fsopen, "the runtime protects its binary by a copy in memory"},
        {"mount_setattr", SYS_mount_setattr, "id-mapped mounts are not possible"},
        {"clone3", SYS_clone3, "containers cannot be started inside their cgroup"},
        {"close_range", SYS_close_range, "descriptors are closed one by one"},
        {"pidfd_open", SYS_pidfd_open,
         "processes are told apart by their start time, and there are no events"},
        {"landlock", SYS_landlock_create_ruleset, "Landlock is not possible"},
    };
    for (const Call& call : calls) {
        const bool there = has_call(call.number);
        items.push_back({call.name, there ? Support::yes : Support::no, there ? "there" : call.without});
    }
}

void add_security(std::vector<ReportItem>& items) {
    const std::string actions = first_line("/proc/sys/kernel/seccomp/actions_avail");
    items.push_back({"seccomp", actions.empty() ? Support::no : Support::yes,
                     actions.empty() ? "the kernel has none" : "actions " + actions});
    const bool apparmor = first_line("/sys/module/apparmor/parameters/enabled") == "Y";
    items.push_back({"AppArmor", apparmor ? Support::yes : Support::no,
                     apparmor ? "enabled" : "not enabled: process.apparmorProfile is refused"});
    const bool selinux = exists("/sys/fs/selinux/enforce");
    items.push_back({"SELinux", selinux ? Support::yes : Support::no,
                     selinux ? "enabled" : "not enabled: process.selinuxLabel is refused"});
    const bool resctrl = exists("/sys/fs/resctrl/schemata");
    items.push_back({"resctrl", resctrl ? Support::yes : Support::no,
                     resctrl ? "mounted" : "not mounted: linux.intelRdt is not possible"});
}

std::string find_program(const char* name) {
    const char* path = std::getenv("PATH");
    for (const std::string& directory : oci::split(path != nullptr ? path : "", ':')) {
        std::string candidate = directory + "/" + name;
        if (!directory.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

void add_programs(std::vector<ReportItem>& items) {
    struct Program {
        const char* name;
        const char* without;
    };
    constexpr Program programs[] = {{"criu", "checkpoint and restore are not possible"},
                                    {"newuidmap", "users without privileges get one id in a container"},
                                    {"ps", "ps needs --format json"}};
    for (const Program& program : programs) {
        const std::string path = find_program(program.name);
        items.push_back({program.name, path.empty() ? Support::no : Support::yes,
                         path.empty() ? std::string("not in $PATH: ") + program.without : path});
    }
    const bool systemd = exists("/run/systemd/system");
    items.push_back({"systemd", systemd ? Support::yes : Support::no,
                     systemd ? "runs" : "does not run: --systemd-cgroup is not possible"});
}

void add_privileges(std::vector<ReportItem>& items) {
    const bool root = ::geteuid() == 0;
    items.push_back({"privileges", root ? Support::yes : Support::partly,
                     root ? "root" : "an ordinary user: containers need a user namespace"});
    struct Need {
        int capability;
        const char* text;
    };
    constexpr Need needs[] = {
        {CAP_SYS_ADMIN, "CAP_SYS_ADMIN is missing: no mounts and namespaces"},
        {CAP_SYS_RESOURCE,
         "CAP_SYS_RESOURCE is missing: hard limits cannot be raised, oomScoreAdj not lowered"},
        {CAP_NET_ADMIN, "CAP_NET_ADMIN is missing: no network namespaces"},
        {CAP_MKNOD, "CAP_MKNOD is missing: devices are bound from the host"}};
    for (const Need& need : needs) {
        if (::prctl(PR_CAPBSET_READ, need.capability, 0, 0, 0) == 0)
            items.push_back({"capabilities", Support::partly, need.text});
    }
}

}  // namespace

std::vector<ReportItem> report_host() {
    std::vector<ReportItem> items;
    add_kernel(items);
    add_privileges(items);
    add_namespaces(items);
    add_cgroups(items);
    add_calls(items);
    add_security(items);
    add_programs(items);
    return items;
}

}  // namespace ocirun
