#pragma once
// What `update` changes: the resources of a running container, and what is hot-plugged into it. Pure.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"
#include "spec/runtime/resources.hpp"

namespace ocirun {

/// What a container has with the changes laid over it: a property that is given replaces the old one (0
/// stands for "not given", as engines send it); device rules come after the old ones, so that they win, and
/// one that names every device makes those before it needless.
oci::spec::Resources merge_resources(const oci::spec::Resources& before, const oci::spec::Resources& change);

/// The writes for a change alone. Values that the kernel keeps in one file, or that are computed from two
/// properties, are completed from what the container had (`merged`).
oci::Result<std::vector<CgroupWrite>> plan_change_writes(const oci::spec::Resources& change,
                                                         const oci::spec::Resources& merged,
                                                         CgroupVersion version,
                                                         std::vector<std::string>& warnings);

/// From one list of device rules to another: for v1 the writes that make the difference, so that devices
/// whose rules stay the same are open at any moment; for v2 the new program.
oci::Result<CgroupPlan> plan_device_change(const std::vector<oci::spec::DeviceCgroup>& before,
                                           const std::vector<oci::spec::DeviceCgroup>& after,
                                           CgroupVersion version);

}  // namespace ocirun
