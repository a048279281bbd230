#pragma once
// Writes the id maps of a new user namespace. Runs in the host process.

#include <sys/types.h>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/namespace_plan.hpp"

namespace ocirun {

/// Writes uid_map and gid_map of the process. Without privilege over the host's ids, setgroups is denied
/// first, as the kernel asks for.
oci::Result<void> write_id_maps(oci::BorrowedFd proc, pid_t pid, const IdMapPlan& maps);

/// A user namespace that maps these ids and holds no process, for idmapped mounts.
oci::Result<oci::Fd> make_user_namespace(oci::BorrowedFd proc, const IdMapPlan& maps);

}  // namespace ocirun
