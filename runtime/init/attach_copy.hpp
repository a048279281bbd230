#pragma once
// Copies of mounts put onto places in the new root (what "bind" means): as detached trees, or by mount(2) on
// kernels that lack the calls for those (before 5.2). Runs in init.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/rootfs_plan.hpp"

namespace ocirun {

/// What is copied.
struct CopySource {
    oci::BorrowedFd directory = oci::current_directory;
    std::string path;         // from `directory`; empty: `directory` itself
    bool recursive = false;   // with what is mounted below it
    bool nofollow = false;    // a symbolic link is itself what is meant
    bool may_look_up = true;  // false: the path means nothing here, only a tree that was opened before counts
};

/// A copy on its way: a detached tree, or the open source where the kernel makes none.
struct MountCopy {
    oci::Fd fd;
    bool detached = true;
};

/// Where it goes: the open place, and how the mount on it is found once it is covered.
struct MountPlace {
    oci::BorrowedFd place;
    oci::BorrowedFd root;
    std::string path;  // below `root`
    bool nofollow = false;
};

oci::Result<MountCopy> copy_mount(const CopySource& source);
/// Attaches the copy with these attributes (not the propagation) and returns the new mount.
oci::Result<oci::Fd> attach_copy(MountCopy copy, const CopySource& source, const MountPlace& place,
                                 const MountOptions& options);
/// Both in one.
oci::Result<oci::Fd> attach_copy(const CopySource& source, const MountPlace& place,
                                 const MountOptions& options = {});

}  // namespace ocirun
