#pragma once
// Mounting layers that stand in directories of their own as one tree (overlay file system).

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/overlay_format.hpp"

namespace ocimg {

/// What is mounted. Directories are given by descriptor (O_PATH suffices): no length of a path counts,
/// and nobody can exchange them meanwhile.
struct OverlayRequest {
    std::vector<oci::BorrowedFd> lowers;  // topmost first, at least one (two without `upper`), at most 500
    /// Where changes go, and an empty directory beside it on the same file system for the kernel's own
    /// use. Not open: the mount is read-only.
    oci::BorrowedFd upper;
    oci::BorrowedFd work;
    OverlayAttributes attributes = usable_overlay_attributes();
    /// Changes need not survive a power cut: no sync ever waits for the disk, and the kernel refuses to
    /// mount `upper` again after a crash.
    bool is_volatile = false;
    /// Shown as the mount's source by mount(8).
    std::string source = "ocimg";
};

/// A detached mount: usable by descriptor at once (openat below it), gone when the descriptor is closed,
/// unless attach_mount() puts it somewhere. Directories are renamed by copying, so that `upper` always
/// holds whole files: read_upper_layer() depends on it.
/// Needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
oci::Result<oci::Fd> mount_overlay(const OverlayRequest& request);

/// Attaches a detached mount to a directory. The mount is private: nothing propagates out of it.
oci::Result<void> attach_mount(oci::BorrowedFd mount, oci::BorrowedFd place);

/// Takes away what is mounted on `path`; in use it is an error (EBUSY). A final link is not followed.
/// Nothing mounted there is an error of code wrong_state.
oci::Result<void> unmount(const std::string& path);

/// Whether something is mounted exactly at this directory, as seen from `parent`, which holds it.
oci::Result<bool> is_mount_point(oci::BorrowedFd parent, const std::string& name);

}  // namespace ocimg
