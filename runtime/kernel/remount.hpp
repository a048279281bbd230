#pragma once
// Changing a mount on kernels without mount_setattr(2) (before 5.12).

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun::kernel {

/// The change by mount(2): a bind remount with the flags that the mount has and those that come and go. Only
/// for a mount that is attached in this mount namespace; the errno of a detached one is ENOSYS, as for the
/// call that is missing. An id map cannot be set this way.
oci::Result<void> change_by_remount(oci::BorrowedFd mount, const AttributeChange& change);

}  // namespace ocirun::kernel
