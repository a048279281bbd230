#pragma once
// The root file system, step by step. Runs in init, up to and including the pivot.

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/init/init_request.hpp"

namespace ocirun {

/// Sets propagation, puts the root file system on a mount of its own and returns it open.
oci::Result<oci::Fd> open_root_mount(const RootfsPlan& plan);
/// Without a mount namespace of its own: the root directory as it is.
oci::Result<oci::Fd> open_root_directory(const RootfsPlan& plan);

/// Device nodes and links of the plan below the root.
oci::Result<void> make_devices(const RootfsPlan& plan, oci::BorrowedFd root);

/// Covers masked paths and makes read-only ones so. Runs before the pivot, on descriptors below the root.
oci::Result<void> protect_paths(const RootfsPlan& plan, oci::BorrowedFd root);

/// Makes the root and a read-only /dev read-only, after everything was made in them.
oci::Result<void> seal_root(const RootfsPlan& plan, oci::BorrowedFd root);

/// pivot_root, or with no_pivot a moved mount and chroot. After this no host path exists any more.
oci::Result<void> enter_root(const RootfsPlan& plan, oci::BorrowedFd root);
/// chroot only, for a container without a mount namespace of its own.
oci::Result<void> enter_root_directory(oci::BorrowedFd root);

}  // namespace ocirun
