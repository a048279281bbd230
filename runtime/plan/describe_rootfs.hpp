#pragma once
// The words of `describe` for mounts, devices and protected paths. Pure.

#include <vector>

#include "runtime/plan/container_plan.hpp"

namespace ocirun {

/// "ro, nosuid, size=64k": the options of a mount as words, in a fixed order.
std::string mount_options_text(const MountOptions& options);

/// Steps up to the hooks: propagation, root, mounts, devices, links, console.
void describe_rootfs(const ContainerPlan& plan, std::vector<PlanStep>& steps);
/// Steps after the hooks: read-only and masked paths, read-only root, pivot.
void describe_protection(const ContainerPlan& plan, std::vector<PlanStep>& steps);

}  // namespace ocirun
