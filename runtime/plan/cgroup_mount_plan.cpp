// Mounts of type cgroup and cgroup2: which hierarchies stand below the destination, and how. Pure.

#include "base/text.hpp"
#include "runtime/plan/mount_plan.hpp"

namespace ocirun {
namespace {

std::string base_name(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
}

/// The options that mount a hierarchy once more: "cpu,cpuacct", or "none,name=systemd".
std::string hierarchy_data(const CgroupHierarchy& hierarchy) {
    const std::string names = oci::join(hierarchy.controllers, ",");
    const bool named = names.rfind("name=", 0) == 0;
    return named ? "none," + names : names;
}

CgroupMountEntry plan_hierarchy(const CgroupHierarchy& hierarchy, const CgroupPlan& cgroup) {
    CgroupMountEntry entry;
    entry.name = base_name(hierarchy.mount_point);
    if (hierarchy.controllers.size() > 1) {
        for (const std::string& controller : hierarchy.controllers) {
            if (controller != entry.name && controller.rfind("name=", 0) != 0)
                entry.links.push_back(controller);
        }
    }
    entry.filesystem_data = hierarchy_data(hierarchy);
    // A container without a cgroup of its own stays where this process is.
    const bool own = cgroup.driver != CgroupDriver::disabled && cgroup.version != CgroupVersion::none;
    const std::string path = own ? cgroup.path : hierarchy.own_path;
    entry.host_path = path == "/" ? hierarchy.mount_point : hierarchy.mount_point + path;
    return entry;
}

}  // namespace

bool is_cgroup_mount(const oci::spec::Mount& mount) {
    return mount.type == "cgroup" || mount.type == "cgroup2";
}

bool plan_cgroup_mount(const MountContext& context, const oci::spec::Mount& mount, PlannedMount& planned) {
    const CgroupFacts& facts = context.host.cgroup;
    planned.kind = PlannedMount::Kind::cgroup;
    planned.cgroup_by_bind = !context.namespaces.has(NamespaceKind::cgroup);
    // The option words that remain belong to the hierarchies, whose data is known already.
    planned.options.data.clear();
    const bool unified =
        facts.version == CgroupVersion::v2 ||
        (facts.version == CgroupVersion::v1 && mount.type == "cgroup2" && !facts.unified_mount_point.empty());
    if (unified) {
        // Without a cgroup namespace /proc/self/cgroup shows the host's paths, so the tree shows them too.
        planned.cgroup_v2 = true;
        planned.cgroup_entries.push_back({.host_path = facts.unified_mount_point});
        return true;
    }
    if (facts.version != CgroupVersion::v1 || mount.type == "cgroup2") {
        context.warnings.push_back(planned.origin + ": " + mount.type +
                                   " is left out: this host has no such file system mounted");
        return false;
    }
    // The unified tree of a hybrid host is left out: the container has no cgroup of its own in it.
    for (const CgroupHierarchy& hierarchy : facts.hierarchies)
        planned.cgroup_entries.push_back(plan_hierarchy(hierarchy, context.cgroup));
    return true;
}

}  // namespace ocirun
