#pragma once
// Performs the planned mounts below the new root. Runs in init, before the pivot.

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/init/init_request.hpp"

namespace ocirun {

/// Every mount of the plan in order; the error names the mount ("mounts[2]: ...").
oci::Result<void> perform_mounts(const InitRequest& request, oci::BorrowedFd root);

/// One mount of kind `bind`; a source that was opened before stands in request.mount_sources.
oci::Result<void> perform_bind(const InitRequest& request, oci::BorrowedFd root, std::size_t index,
                               const PlannedMount& mount);

/// A mount of kind `cgroup`: the v2 tree, or one mount for each v1 hierarchy below a tmpfs.
oci::Result<void> mount_cgroups(const PlannedMount& mount, oci::BorrowedFd root);

/// Copies the tree at `from` into the empty directory `to`: kinds, modes, owners and content ("tmpcopyup").
oci::Result<void> copy_up(oci::BorrowedFd from, oci::BorrowedFd to);

/// Attributes and propagation of a planned mount onto an open mount.
oci::Result<void> apply_attributes(const MountOptions& options, oci::BorrowedFd mount);
oci::Result<void> apply_propagation(const MountOptions& options, oci::BorrowedFd mount);
/// The MS_* flags of mount(2) that say the same as the options' attributes and superblock flags.
unsigned long legacy_flags(const MountOptions& options);
/// "/proc/self/fd/N": an open place as a path for mount(2).
std::string fd_path(oci::BorrowedFd fd);

}  // namespace ocirun
