#pragma once
// What the planner may know of the host: gathered once by the launcher, so that planning stays pure.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ocirun {

/// How control groups are mounted on this host.
enum class CgroupVersion {
    none,  // no usable cgroup file system: resources cannot be limited
    v1,    // one tree per controller (a hybrid host counts as v1)
    v2,    // the unified tree
};

/// One mounted cgroup v1 hierarchy.
struct CgroupHierarchy {
    std::vector<std::string> controllers;  // "cpu", "cpuacct"; "name=systemd" for a named one
    std::string mount_point;               // "/sys/fs/cgroup/cpu,cpuacct"
    std::string own_path;                  // path of this process in it: "/" or "/system.slice"
};

struct CgroupFacts {
    CgroupVersion version = CgroupVersion::none;
    std::vector<CgroupHierarchy> hierarchies;      // v1 only
    std::string unified_mount_point;               // v2: "/sys/fs/cgroup"; hybrid: ".../unified" or empty
    std::string unified_own_path;                  // path of this process in the v2 tree
    std::vector<std::string> unified_controllers;  // cgroup.controllers at the v2 root
};

/// The systemd that would manage the cgroup; looked at only when the systemd driver is asked for.
struct SystemdFacts {
    bool running = false;       // systemd is this machine's service manager
    bool user_manager = false;  // the manager of an ordinary user, not that of the system
    std::string
        manager_cgroup;  // where its tree begins: "" or "/user.slice/user-1000.slice/user@1000.service"
};

struct HostFacts {
    std::uint32_t effective_uid = 0;
    bool in_user_namespace = false;  // not the initial user namespace
    bool apparmor_enabled = false;
    bool selinux_enabled = false;
    std::uint64_t last_capability = 40;                       // /proc/sys/kernel/cap_last_cap
    std::uint64_t bounding_capabilities = ~std::uint64_t{0};  // what this process may hand on
    CgroupFacts cgroup;
    SystemdFacts systemd;
};

}  // namespace ocirun
