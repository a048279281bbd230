#pragma once
// The freezer controller of cgroup v1, which tells nobody when it is done. Host process.

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"

namespace ocirun {

/// Freezes the cgroup and waits until it is; one that does not freeze in time is thawed again.
oci::Result<void> freeze_v1(oci::BorrowedFd cgroup, const Deadline& deadline);
/// Thaws the cgroup and waits until it is.
oci::Result<void> thaw_v1(oci::BorrowedFd cgroup, const Deadline& deadline);
/// Whether the cgroup is frozen or on its way, by itself or by a parent.
oci::Result<bool> is_frozen_v1(oci::BorrowedFd cgroup);

}  // namespace ocirun
