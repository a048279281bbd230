#pragma once
// A child that stands under the container's filter of system calls before it becomes its program: hooks that
// are part of the container. Runs in init.

#include "base/process.hpp"
#include "base/result.hpp"
#include "runtime/plan/seccomp_plan.hpp"

namespace ocirun {

/// As oci::spawn. Nobody listens for the child: calls that the filter hands to an agent fail with ENOSYS.
oci::Result<oci::ChildProcess> spawn_filtered(const oci::SpawnRequest& request, const SeccompPlan& seccomp);

}  // namespace ocirun
