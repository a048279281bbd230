// From a plan or a process to directories, and from directories to a manager. Host process.

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/cgroup/cgroup_mounts.hpp"
#include "runtime/cgroup/cgroupfs_v1.hpp"
#include "runtime/cgroup/cgroupfs_v2.hpp"
#include "runtime/cgroup/systemd_cgroup.hpp"
#include "runtime/cgroup/unmanaged_cgroup.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

Result<void> check_path(const std::string& path) {
    const std::vector<std::string> parts = oci::split(path, '/');
    if (path.size() < 2 || path.front() != '/' || std::find(parts.begin(), parts.end(), "..") != parts.end())
        return oci::failure(ErrorCode::invalid,
                            "cgroup path " + oci::quote(path) + " does not name a cgroup below the root");
    return {};
}

/// Records which of the directories do not exist yet, parents first.
Result<void> record_missing(CgroupLocation& location, const std::string& mount_point,
                            const std::string& directory) {
    for (const std::string& step : steps_between(mount_point, directory))
        if (!oci::exists_at(oci::current_directory, step)) location.created.push_back(step);
    return {};
}

/// Where a path of /proc/PID/cgroup is in the file system; nothing if the mount does not show it.
std::optional<std::string> directory_below(const CgroupMount& mount, const std::string& path) {
    if (path.find("/..") == 0) return std::nullopt;  // above the root of our cgroup namespace
    const std::string root = mount.root == "/" ? "" : mount.root;
    if (path.compare(0, root.size(), root) != 0) return std::nullopt;
    const std::string rest = path.substr(root.size());
    if (!rest.empty() && rest.front() != '/') return std::nullopt;
    return mount.mount_point + (rest == "/" ? "" : rest);
}

}  // namespace

Result<CgroupLocation> locate_cgroup(const CgroupPlan& plan, const CgroupFacts& host) {
    CgroupLocation location;
    location.driver = plan.driver;
    location.version = plan.version;
    if (plan.version == CgroupVersion::none) return location;
    TRY(check_path(plan.path));
    if (plan.scope) {
        location.unit = plan.scope->unit;
        location.user_manager = plan.scope->user_manager;
    }
    if (plan.version == CgroupVersion::v2) {
        location.directories[""] = host.unified_mount_point + plan.path;
        location.sub_group = plan.sub_group;
        // A scope's directory is made by systemd.
        if (!plan.scope) TRY(record_missing(location, host.unified_mount_point, location.directories[""]));
        return location;
    }
    for (const CgroupHierarchy& hierarchy : host.hierarchies) {
        // In its own hierarchy systemd makes the directory.
        if (plan.scope && hierarchy.controllers == std::vector<std::string>{"name=systemd"}) continue;
        std::string& directory = location.directories[oci::join(hierarchy.controllers, ",")];
        directory = hierarchy.mount_point + plan.path;
        TRY(record_missing(location, hierarchy.mount_point, directory));
    }
    if (!plan.scope && !host.unified_mount_point.empty()) {
        // Hybrid: as runc has it, the container has a cgroup in the unified tree too.
        location.directories[""] = host.unified_mount_point + plan.path;
        TRY(record_missing(location, host.unified_mount_point, location.directories[""]));
    }
    return location;
}

Result<std::unique_ptr<CgroupManager>> open_cgroup_manager(const CgroupLocation& location) {
    std::unique_ptr<CgroupManager> manager;
    if (location.driver == CgroupDriver::disabled || location.version == CgroupVersion::none)
        manager = std::make_unique<UnmanagedCgroup>(location);
    else if (location.version == CgroupVersion::v2)
        manager = std::make_unique<CgroupfsV2>(location);
    else
        manager = std::make_unique<CgroupfsV1>(location);
    if (location.driver == CgroupDriver::systemd)
        manager = std::make_unique<SystemdCgroup>(location, std::move(manager));
    return manager;
}

Result<CgroupLocation> cgroup_of_process(const CgroupLocation& recorded, pid_t pid) {
    if (recorded.version == CgroupVersion::none) return recorded;
    const std::string file = "/proc/" + std::to_string(pid) + "/cgroup";
    const auto membership = parse_cgroup_membership(TRY(oci::read_kernel_file(file)));
    const std::vector<CgroupMount> mounts = TRY(visible_cgroup_mounts());
    CgroupLocation location;
    location.driver = recorded.driver;
    location.version = recorded.version;
    location.unit = recorded.unit;
    location.user_manager = recorded.user_manager;
    location.unit_started = recorded.unit_started;
    for (const auto& [controllers, directory] : recorded.directories) {
        location.directories[controllers] = directory;
        const auto path = membership.find(controllers);
        if (path == membership.end()) continue;
        for (const CgroupMount& mount : mounts) {
            if (mount.unified != controllers.empty()) continue;
            if (oci::join(mount.controllers, ",") != controllers) continue;
            if (const auto actual = directory_below(mount, path->second))
                location.directories[controllers] = *actual;
        }
    }
    return location;
}

}  // namespace ocirun
