#pragma once
// The mounts of the configuration as planned mounts, in order. Pure.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/rootfs_plan.hpp"

namespace ocirun {

/// What planning a mount may look at.
struct MountContext {
    const oci::spec::RuntimeConfig& config;
    const HostFacts& host;
    const NamespacePlan& namespaces;
    const IdMapPlan& id_maps;
    const CgroupPlan& cgroup;
    const std::string& bundle;
    std::vector<std::string>& warnings;
};

/// Every mount of the configuration; one of type cgroup is left out, with a warning, where there is no
/// cgroup file system. The error names the mount.
oci::Result<std::vector<PlannedMount>> plan_mounts(const MountContext& context);

/// Whether the mount is one of the cgroup types.
bool is_cgroup_mount(const oci::spec::Mount& mount);
/// Fills `cgroup_entries` and how they are mounted; false if there is nothing to mount on this host.
bool plan_cgroup_mount(const MountContext& context, const oci::spec::Mount& mount, PlannedMount& planned);

/// The maps of an id-mapped mount: its own, the ones in crun's "idmap=" word, or the container's.
oci::Result<IdMapPlan> plan_mount_id_map(const MountContext& context, const oci::spec::Mount& mount,
                                         const MountOptions& options, const std::string& origin);

/// Nothing may hide or replace what processes and the runtime read in /proc: on /proc itself only procfs,
/// below it only the files that lxcfs and engines are known to cover (CVE-2019-16884).
oci::Result<void> check_proc_mount(const PlannedMount& mount);

}  // namespace ocirun
