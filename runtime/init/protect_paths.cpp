#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "runtime/init/attach_copy.hpp"
#include "runtime/init/perform_mounts.hpp"
#include "runtime/init/prepare_rootfs.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

bool is_absent(const oci::Error& error) {
    return error.system_errno == ENOENT || error.system_errno == ENOTDIR;
}

/// The two covers, opened when first needed: the host's /dev/null, and one read-only empty tmpfs that
/// every masked directory shares (each its own where the kernel cannot copy a mount).
class Covers {
public:
    Result<void> cover_file(const MountPlace& place) {
        if (!null_.is_open()) {
            null_ = TRY(oci::open_file("/dev/null", O_PATH));
            const struct stat status = TRY(oci::status_of(null_));
            if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) {
                return oci::failure("the host's /dev/null is not the null device");
            }
        }
        TRY(attach_copy({.directory = null_}, place));
        return {};
    }

    Result<void> cover_directory(const MountPlace& place) {
        auto covered = attach_empty(place.place);
        if (covered || covered.error().system_errno != ENOSYS) return covered;
        return kernel::mount("tmpfs", fd_path(place.place), "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1");
    }

private:
    Result<void> attach_empty(BorrowedFd place) {
        if (empty_.is_open()) {
            const unsigned flags = OPEN_TREE_CLONE | static_cast<unsigned>(AT_EMPTY_PATH);
            return kernel::attach_mount(TRY(kernel::open_tree(empty_, "", flags)), place);
        }
        const Fd context = TRY(kernel::open_filesystem("tmpfs"));
        TRY(kernel::set_option(context, "nr_blocks", "1"));
        TRY(kernel::set_option(context, "nr_inodes", "1"));
        empty_ = TRY(kernel::create_mount(context, MOUNT_ATTR_RDONLY));
        return kernel::attach_mount(empty_, place);
    }
    Fd null_;
    Fd empty_;
};

Result<void> mask_path(BorrowedFd root, const std::string& path, Covers& covers) {
    const auto target = oci::open_in_root(root, path, O_PATH);
    if (!target) {
        if (is_absent(target.error())) return {};
        return target.error();
    }
    const struct stat status = TRY(oci::status_of(*target));
    const MountPlace place{*target, root, path};
    return S_ISDIR(status.st_mode) ? covers.cover_directory(place) : covers.cover_file(place);
}

Result<void> make_path_readonly(BorrowedFd root, const std::string& path) {
    const auto target = oci::open_in_root(root, path, O_PATH);
    if (!target) {
        if (is_absent(target.error())) return {};
        return target.error();
    }
    MountOptions readonly;
    readonly.attributes_set = MOUNT_ATTR_RDONLY;
    TRY(attach_copy({.directory = *target, .recursive = true}, {*target, root, path}, readonly));
    return {};
}

}  // namespace

Result<void> protect_paths(const RootfsPlan& plan, BorrowedFd root) {
    for (const std::string& path : plan.readonly_paths)
        TRY(make_path_readonly(root, path).in("linux.readonlyPaths: " + path));
    Covers covers;
    for (const std::string& path : plan.masked_paths)
        TRY(mask_path(root, path, covers).in("linux.maskedPaths: " + path));
    return {};
}

}  // namespace ocirun
