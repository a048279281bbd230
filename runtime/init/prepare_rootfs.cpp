#include "runtime/init/prepare_rootfs.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "runtime/init/attach_copy.hpp"
#include "runtime/init/hide_full_mounts.hpp"
#include "runtime/init/perform_mounts.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// The mount that holds the root file system must not be shared, or pivot_root refuses and what is
/// mounted would travel back to the host.
Result<void> make_parent_private(const std::string& path) {
    std::string parent = path;
    for (;;) {
        if (::mount(nullptr, parent.c_str(), nullptr, MS_PRIVATE, nullptr) == 0) return {};
        if (errno != EINVAL || parent == "/") return oci::last_system_failure("make " + parent + " private");
        parent.resize(parent.find_last_of('/'));
        if (parent.empty()) parent = "/";
    }
}

}  // namespace

Result<Fd> open_root_mount(const RootfsPlan& plan) {
    // An unbindable tree could not be cloned below: it becomes so once the root has been entered.
    const bool unbindable = (plan.propagation & MS_UNBINDABLE) != 0;
    const unsigned long first =
        unbindable ? (plan.propagation ^ MS_UNBINDABLE) | MS_PRIVATE : plan.propagation;
    TRY(kernel::mount("", "/", "", first, "").in("linux.rootfsPropagation"));
    // Only the default, a recursive slave, leaves no shared mount around the root.
    if (plan.propagation != (MS_SLAVE | MS_REC)) TRY(make_parent_private(plan.path));
    const CopySource source{.path = plan.path, .recursive = true};
    MountCopy tree = TRY(copy_mount(source).in("root.path"));
    const Fd place = TRY(oci::open_file(plan.path, O_PATH | O_DIRECTORY).in("root.path"));
    const Fd host = TRY(oci::open_file("/", O_PATH | O_DIRECTORY));
    return attach_copy(std::move(tree), source, {place, host, plan.path}, {}).in("root.path " + plan.path);
}

Result<Fd> open_root_directory(const RootfsPlan& plan) {
    return oci::open_file(plan.path, O_PATH | O_DIRECTORY).in("root.path");
}

Result<void> seal_root(const RootfsPlan& plan, BorrowedFd root) {
    for (const PlannedMount& mount : plan.mounts) {
        const bool readonly = (mount.options.attributes_set & MOUNT_ATTR_RDONLY) != 0;
        if (mount.destination != "/dev" || !readonly || mount.kind != PlannedMount::Kind::filesystem)
            continue;
        const Fd dev = TRY(oci::open_in_root(root, "/dev", O_PATH | O_DIRECTORY));
        TRY(kernel::change_attributes(dev, {.set = MOUNT_ATTR_RDONLY}).in(mount.origin + ": read-only /dev"));
    }
    if (plan.readonly) TRY(kernel::change_attributes(root, {.set = MOUNT_ATTR_RDONLY}).in("root.readonly"));
    return {};
}

Result<void> enter_root(const RootfsPlan& plan, BorrowedFd root) {
    if (::fchdir(root.get()) != 0) return oci::last_system_failure("enter root.path");
    if (plan.no_pivot) {
        TRY(hide_full_mounts(plan.path));
        TRY(kernel::mount(".", "/", "", MS_MOVE, "").in("move the root mount"));
        if (::chroot(".") != 0) return oci::last_system_failure("chroot");
    } else {
        const Fd old_root = TRY(oci::open_file("/", O_PATH | O_DIRECTORY));
        TRY(kernel::pivot_root(".", ".").in("root.path " + plan.path));
        if (::fchdir(old_root.get()) != 0) return oci::last_system_failure("return to the old root");
        // As a slave, the old tree's unmounting does not travel to the host.
        TRY(kernel::mount("", ".", "", MS_SLAVE | MS_REC, "").in("detach the old root"));
        TRY(kernel::unmount(".", MNT_DETACH));
    }
    if (::chdir("/") != 0) return oci::last_system_failure("chdir /");
    // Asked for by name, the propagation holds for the container's own root too.
    if ((plan.propagation & MS_SLAVE) == 0)
        TRY(kernel::mount("", "/", "", plan.propagation, "").in("linux.rootfsPropagation"));
    return {};
}

Result<void> enter_root_directory(BorrowedFd root) {
    if (::fchdir(root.get()) != 0 || ::chroot(".") != 0 || ::chdir("/") != 0)
        return oci::last_system_failure("chroot to root.path");
    return {};
}

}  // namespace ocirun
