// Where cgroups are mounted and where this process sits in them. Runs in the host process.

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/cgroup/cgroup_mounts.hpp"

namespace ocirun {
namespace {

using oci::Result;

bool is_named(const std::string& controller) {
    return controller.rfind("name=", 0) == 0;
}

/// Whether a v1 hierarchy limits anything; "name=systemd" alone only groups processes.
bool has_controller(const CgroupHierarchy& hierarchy) {
    return std::any_of(hierarchy.controllers.begin(), hierarchy.controllers.end(),
                       [](const std::string& controller) { return !is_named(controller); });
}

Result<void> add_unified(CgroupFacts& facts, const CgroupMount& mount,
                         const std::map<std::string, std::string>& membership) {
    if (!facts.unified_mount_point.empty()) return {};
    facts.unified_mount_point = mount.mount_point;
    const auto own = membership.find("");
    facts.unified_own_path = own == membership.end() ? "/" : own->second;
    const std::string file = mount.mount_point + "/cgroup.controllers";
    facts.unified_controllers = oci::words(oci::trim(TRY(oci::read_kernel_file(file))));
    return {};
}

}  // namespace

Result<CgroupFacts> probe_cgroups() {
    const std::vector<CgroupMount> mounts = TRY(visible_cgroup_mounts());
    const auto membership = parse_cgroup_membership(TRY(oci::read_kernel_file("/proc/self/cgroup")));
    CgroupFacts facts;
    for (const CgroupMount& mount : mounts) {
        if (mount.unified) {
            TRY(add_unified(facts, mount, membership));
            continue;
        }
        const auto own = membership.find(oci::join(mount.controllers, ","));
        facts.hierarchies.push_back({.controllers = mount.controllers,
                                     .mount_point = mount.mount_point,
                                     .own_path = own == membership.end() ? "/" : own->second});
    }
    if (std::any_of(facts.hierarchies.begin(), facts.hierarchies.end(), has_controller))
        facts.version = CgroupVersion::v1;
    else if (!facts.unified_mount_point.empty())
        facts.version = CgroupVersion::v2;
    if (facts.version == CgroupVersion::v2) facts.hierarchies.clear();
    return facts;
}

}  // namespace ocirun
