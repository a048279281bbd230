#pragma once
// Opens what mounts need of the host before the container's side is entered. Runs in the host process.

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/init/init_request.hpp"
#include "runtime/plan/container_plan.hpp"

namespace ocirun {

/// Sources of bind mounts that init could not open itself: behind a user namespace the host's files may
/// be out of its reach, and only the host's root may map ids. With `all_binds` every one.
oci::Result<void> open_mount_sources(const ContainerPlan& plan, oci::BorrowedFd proc, bool all_binds,
                                     InitRequest& request);

}  // namespace ocirun
