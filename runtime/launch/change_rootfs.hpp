#pragma once
// Adds mounts and devices to a running container, or takes mounts away. Runs in the host process.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/container_plan.hpp"

namespace ocirun {

/// The mounts and devices of `plan` (its rootfs alone counts), all or none. `pid` is the container's init,
/// verified by the caller.
oci::Result<void> add_to_rootfs(pid_t pid, ContainerPlan plan);
/// Unmounts these destinations, in this order.
oci::Result<void> unmount_from_rootfs(pid_t pid, const std::vector<std::string>& destinations);

}  // namespace ocirun
