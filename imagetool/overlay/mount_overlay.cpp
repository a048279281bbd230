#include "imagetool/overlay/mount_overlay.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocimg {
namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

constexpr unsigned set_descriptor = 5;  // FSCONFIG_SET_FD

std::string path_of_descriptor(BorrowedFd file) {
    return "/proc/self/fd/" + std::to_string(file.get());
}

/// What the kernel says about a failed call, if it says anything: one line of the context's log.
oci::Error explained(BorrowedFd context, int number, const std::string& what) {
    std::array<char, 512> line{};
    const ssize_t size = ::read(context.get(), line.data(), line.size());
    if (size <= 2) return oci::system_failure(number, what);
    std::string text(line.data() + 2, static_cast<std::size_t>(size) - 2);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return oci::system_failure(number, what + " (the kernel says " + oci::quote(text) + ")");
}

Result<void> set_string(BorrowedFd context, const char* key, const std::string& value) {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0) return {};
    return explained(context, errno, "mount overlay: " + std::string(key) + "=" + value);
}

Result<void> set_flag(BorrowedFd context, const char* key) {
    if (::fsconfig(context.get(), FSCONFIG_SET_FLAG, key, nullptr, 0) == 0) return {};
    return explained(context, errno, "mount overlay: " + std::string(key));
}

/// A directory by descriptor where the kernel takes that (Linux 6.13), else by its name in procfs.
Result<void> set_directory(BorrowedFd context, const char* key, BorrowedFd directory) {
    if (::fsconfig(context.get(), set_descriptor, key, nullptr, directory.get()) == 0) return {};
    if (errno != EINVAL && errno != EBADF)
        return explained(context, errno, "mount overlay: " + std::string(key));
    return set_string(context, key, path_of_descriptor(directory));
}

/// The options that both ways of mounting set. Without redirects and metadata-only copies every file of
/// the upper directory is whole.
std::vector<std::string> plain_options(const OverlayRequest& request) {
    std::vector<std::string> options = {"redirect_dir=nofollow", "metacopy=off", "index=off"};
    if (request.attributes == OverlayAttributes::user) options.emplace_back("userxattr");
    if (request.is_volatile && request.upper.is_open()) options.emplace_back("volatile");
    return options;
}

Result<Fd> open_context(const OverlayRequest& request) {
    Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
    if (!context.is_open()) return oci::last_system_failure("open file system overlay");
    TRY(set_string(context, "source", request.source));
    for (const std::string& option : plain_options(request)) {
        const std::size_t equals = option.find('=');
        if (equals == std::string::npos) {
            TRY(set_flag(context, option.c_str()));
        } else {
            TRY(set_string(context, option.substr(0, equals).c_str(), option.substr(equals + 1)));
        }
    }
    return context;
}

/// One directory a call: "lowerdir+" exists since Linux 6.5.
Result<Fd> mount_by_context(const OverlayRequest& request) {
    const Fd context = TRY(open_context(request));
    for (const BorrowedFd lower : request.lowers) TRY(set_directory(context, "lowerdir+", lower));
    if (request.upper.is_open()) {
        TRY(set_directory(context, "upperdir", request.upper));
        TRY(set_directory(context, "workdir", request.work));
    }
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return explained(context, errno, "mount overlay");
    Fd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, request.upper.is_open() ? 0U : MOUNT_ATTR_RDONLY));
    if (!mount.is_open()) return explained(context, errno, "mount overlay");
    return mount;
}

/// mount(2), whose options fit into one page: names in procfs keep them short. The mount stands on the
/// lowest layer's directory for a moment, from which it is taken as a detached copy.
Result<Fd> mount_by_page(const OverlayRequest& request) {
    std::string options;
    for (const std::string& option : plain_options(request)) options += option + ",";
    options += "lowerdir=";
    for (const BorrowedFd lower : request.lowers)
        options += (options.ends_with('=') ? "" : ":") + path_of_descriptor(lower);
    if (request.upper.is_open()) {
        options += ",upperdir=" + path_of_descriptor(request.upper);
        options += ",workdir=" + path_of_descriptor(request.work);
    }
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    if (options.size() >= page) {
        return oci::failure(oci::ErrorCode::unsupported,
                            "mount overlay: " + std::to_string(request.lowers.size()) +
                                " layers are too many for this kernel (Linux 6.5 takes 500)");
    }
    const std::string place = path_of_descriptor(request.lowers.back());
    const unsigned long flags = request.upper.is_open() ? 0 : MS_RDONLY;
    if (::mount(request.source.c_str(), place.c_str(), "overlay", flags, options.c_str()) != 0)
        return oci::last_system_failure("mount overlay");
    // The descriptor still names the directory under the mount: the mount is found by its path.
    const auto path = oci::path_of(request.lowers.back());
    Fd mount(path.has_value() ? ::open_tree(AT_FDCWD, path->c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
                              : -1);
    const int reason = errno;
    if (path.has_value()) ::umount2(path->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    if (!mount.is_open()) return oci::system_failure(reason, "mount overlay: open_tree");
    return mount;
}

bool only_old_mount() {
    const char* const text = ::getenv("OCI_TEST_OLD_OVERLAY");  // NOLINT(concurrency-mt-unsafe)
    return text != nullptr && std::string_view(text) == "1";
}

Result<void> check(const OverlayRequest& request) {
    const std::size_t least = request.upper.is_open() ? 1 : 2;
    if (request.lowers.size() < least)
        return oci::failure("mount overlay: fewer than " + std::to_string(least) + " layers");
    if (request.lowers.size() > 500) {
        return oci::failure(
            oci::ErrorCode::unsupported,
            "mount overlay: the kernel takes 500 layers, these are " + std::to_string(request.lowers.size()));
    }
    return {};
}

}  // namespace

Result<Fd> mount_overlay(const OverlayRequest& request) {
    TRY(check(request));
    if (!only_old_mount()) {
        auto mount = mount_by_context(request);
        if (mount.has_value()) return mount;
        const int reason = mount.error().system_errno;
        if (reason != EINVAL && reason != ENOSYS) return mount;
        auto old = mount_by_page(request);
        return old.has_value() ? std::move(old) : std::move(mount);
    }
    return mount_by_page(request);
}

Result<void> attach_mount(BorrowedFd mount, BorrowedFd place) {
    struct mount_attr attributes {};
    attributes.propagation = MS_PRIVATE;
    if (::move_mount(mount.get(), "", place.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) !=
        0)
        return oci::last_system_failure("attach the overlay mount");
    if (::mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
        return oci::last_system_failure("make the overlay mount private");
    return {};
}

Result<void> unmount(const std::string& path) {
    if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) return {};
    if (errno == EINVAL) return oci::failure(oci::ErrorCode::wrong_state, "nothing is mounted there");
    return oci::last_system_failure("unmount the root file system");
}

Result<bool> is_mount_point(BorrowedFd parent, const std::string& name) {
    struct statx status {};
    if (::statx(parent.get(), name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &status) != 0)
        return oci::last_system_failure("look up " + oci::quote(name));
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

}  // namespace ocimg
