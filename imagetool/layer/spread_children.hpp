#pragma once
// A hint to the file system about where large trees are laid.

#include "base/fd.hpp"

namespace ocimg {

/// Asks that directories made in `directory` from now on are laid far from each other, each in a place that
/// their names choose (FS_TOPDIR_FL, `chattr +T`; ext2, ext3 and ext4 know it, others ignore it).
///
/// An ext4 without a journal does not use an inode again within minutes of its deletion, and looks at each of
/// those anew for every file it makes nearby: a tree unpacked where one was just deleted took five to ten
/// times as much of the kernel's time.
void spread_children(oci::BorrowedFd directory);

}  // namespace ocimg
