#pragma once
// Where the kernel mounts no overlays: the same trees as plain copies, and what a step changed in one.

#include <map>
#include <span>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/overlay_format.hpp"

namespace ocimg {

/// Whether an overlay with changes in this empty directory's file system can be mounted. The directory is
/// empty again afterwards. OCI_TEST_NO_OVERLAY=1 says no.
bool overlay_works(oci::BorrowedFd directory, OverlayAttributes attributes);

/// Copies layers that stand in directories of their own (topmost first, as mount_overlay() takes them) into
/// the empty directory `tree`, as one tree.
oci::Result<void> copy_layers(std::span<const oci::BorrowedFd> lowers, oci::BorrowedFd tree);

/// A tree before somebody works in it.
class TreeMark {
public:
    /// Notes every file below `tree`, and waits for the clock: what is changed from now on is younger.
    static oci::Result<TreeMark> set(oci::BorrowedFd tree);

    /// Copies what was changed since then into the empty directory `upper`, as an overlay would have it.
    [[nodiscard]] oci::Result<void> collect(oci::BorrowedFd tree, oci::BorrowedFd upper,
                                            OverlayAttributes attributes) const;

private:
    friend class ChangeCollector;
    std::map<std::string, ino_t> files_;
    struct timespec time_ {};  // no file that was there has a later change time
};

}  // namespace ocimg
