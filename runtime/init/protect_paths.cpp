#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
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
/// every masked directory shares.
class Covers {
public:
    Result<Fd> for_file() {
        if (!null_.is_open()) {
            null_ = TRY(oci::open_file("/dev/null", O_PATH));
            const struct stat status = TRY(oci::status_of(null_));
            if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) {
                return oci::failure("the host's /dev/null is not the null device");
            }
        }
        return copy_of(null_);
    }

    Result<Fd> for_directory() {
        if (!empty_.is_open()) {
            const Fd context = TRY(kernel::open_filesystem("tmpfs"));
            TRY(kernel::set_option(context, "nr_blocks", "1"));
            TRY(kernel::set_option(context, "nr_inodes", "1"));
            empty_ = TRY(kernel::create_mount(context, MOUNT_ATTR_RDONLY));
            return oci::duplicate(empty_);
        }
        return copy_of(empty_);
    }

private:
    static Result<Fd> copy_of(BorrowedFd mount) {
        return kernel::open_tree(mount, "", OPEN_TREE_CLONE | static_cast<unsigned>(AT_EMPTY_PATH));
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
    const Fd cover = TRY(S_ISDIR(status.st_mode) ? covers.for_directory() : covers.for_file());
    return kernel::attach_mount(cover, *target);
}

Result<void> make_path_readonly(BorrowedFd root, const std::string& path) {
    const auto target = oci::open_in_root(root, path, O_PATH);
    if (!target) {
        if (is_absent(target.error())) return {};
        return target.error();
    }
    const Fd tree = TRY(kernel::open_tree(
        *target, "",
        OPEN_TREE_CLONE | static_cast<unsigned>(AT_EMPTY_PATH) | static_cast<unsigned>(AT_RECURSIVE)));
    TRY(kernel::change_attributes(tree, {.set = MOUNT_ATTR_RDONLY}));
    return kernel::attach_mount(tree, *target);
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
