#pragma once
// Configurations and host facts for the tests of the planner.

#include <string>
#include <vector>

#include "runtime/plan/container_plan.hpp"

namespace ocirun::test {

/// A container with every kind of namespace but user and time, and nothing else.
inline oci::spec::RuntimeConfig a_config() {
    oci::spec::RuntimeConfig config;
    config.oci_version = "1.3.0";
    config.root = oci::spec::Root{"rootfs", false};
    config.linux_section.emplace();
    for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup"})
        config.linux_section->namespaces.push_back({type, ""});
    return config;
}

inline oci::spec::Process a_process() {
    oci::spec::Process process;
    process.args = {"/bin/true"};
    process.cwd = "/";
    return process;
}

inline HostFacts a_v2_host() {
    HostFacts host;
    host.cgroup.version = CgroupVersion::v2;
    host.cgroup.unified_mount_point = "/sys/fs/cgroup";
    host.cgroup.unified_own_path = "/";
    host.cgroup.unified_controllers = {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"};
    return host;
}

/// A hybrid host: v1 hierarchies, one of them merged and one without controllers, and the unified tree.
inline HostFacts a_v1_host() {
    HostFacts host;
    host.cgroup.version = CgroupVersion::v1;
    const std::string top = "/sys/fs/cgroup/";
    host.cgroup.hierarchies = {
        {{"cpu", "cpuacct"}, top + "cpu,cpuacct", "/"},
        {{"memory"}, top + "memory", "/user"},
        {{"devices"}, top + "devices", "/"},
        {{"pids"}, top + "pids", "/"},
        {{"cpuset"}, top + "cpuset", "/"},
        {{"blkio"}, top + "blkio", "/"},
        {{"freezer"}, top + "freezer", "/"},
        {{"name=systemd"}, top + "systemd", "/"},
    };
    host.cgroup.unified_mount_point = top + "unified";
    host.cgroup.unified_own_path = "/user";
    return host;
}

inline HostFacts a_host_without_cgroups() {
    return {};
}

inline void add_namespace(oci::spec::RuntimeConfig& config, const std::string& type,
                          const std::string& path = "") {
    config.linux_section->namespaces.push_back({type, path});
}

inline void remove_namespace(oci::spec::RuntimeConfig& config, const std::string& type) {
    std::erase_if(config.linux_section->namespaces, [&](const auto& space) { return space.type == type; });
}

/// A new user namespace: 0 to 65535 are the host's from 100000.
inline void add_user_namespace(oci::spec::RuntimeConfig& config) {
    add_namespace(config, "user");
    config.linux_section->uid_mappings = {{0, 100000, 65536}};
    config.linux_section->gid_mappings = {{0, 100000, 65536}};
}

inline void add_mount(oci::spec::RuntimeConfig& config, const std::string& destination,
                      const std::string& type, const std::string& source,
                      const std::vector<std::string>& options = {}) {
    config.mounts.push_back({destination, type, source, options, {}, {}});
}

inline PlanRequest a_request() {
    PlanRequest request;
    request.container_id = "c1";
    request.bundle = "/bundle";
    return request;
}

}  // namespace ocirun::test
