#pragma once
// The kernel's mount calls: one function, one system call, by file descriptor wherever there is one.

#include <sys/mount.h>

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun::kernel {

/// mount(2). Empty strings become null pointers.
oci::Result<void> mount(const std::string& source, const std::string& target, const std::string& type,
                        unsigned long flags, const std::string& data);
/// umount2(2).
oci::Result<void> unmount(const std::string& target, int flags);
/// pivot_root(2).
oci::Result<void> pivot_root(const std::string& new_root, const std::string& put_old);

/// open_tree(2) with OPEN_TREE_CLOEXEC: with OPEN_TREE_CLONE a detached copy of the mount at `path`.
oci::Result<oci::Fd> open_tree(oci::BorrowedFd directory, const std::string& path, unsigned flags);
/// move_mount(2): attaches the detached mount `from` onto the open place `to`.
oci::Result<void> attach_mount(oci::BorrowedFd from, oci::BorrowedFd to);

/// What mount_setattr(2) changes.
struct AttributeChange {
    std::uint64_t set = 0;  // MOUNT_ATTR_*
    std::uint64_t clear = 0;
    std::uint64_t propagation = 0;     // MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE or 0
    std::uint64_t user_namespace = 0;  // descriptor for MOUNT_ATTR_IDMAP
    bool recursive = false;
};
/// mount_setattr(2); change_by_remount() where the kernel lacks it.
oci::Result<void> change_attributes(oci::BorrowedFd mount, const AttributeChange& change);

/// fsopen(2).
oci::Result<oci::Fd> open_filesystem(const std::string& type);
/// fsconfig(2) with a string value, or as a flag when `value` is null. Errors carry what the kernel logged.
oci::Result<void> set_option(oci::BorrowedFd context, const std::string& key, const char* value);
/// FSCONFIG_CMD_CREATE, then fsmount(2) with the MOUNT_ATTR_* given: a detached mount.
oci::Result<oci::Fd> create_mount(oci::BorrowedFd context, std::uint64_t attributes);

}  // namespace ocirun::kernel
