#include "runtime/init/perform_mounts.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "runtime/init/attach_copy.hpp"
#include "runtime/init/new_filesystem.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr mode_t directory_mode = 0755;
constexpr mode_t file_mode = 0644;

Result<void> check_copied_link(BorrowedFd root, const PlannedMount& mount, bool& done) {
    // crun's "copy-symlink": a source that is a link is made again as a link, nothing is mounted.
    struct stat status {};
    if (!mount.options.copy_symlink || ::lstat(mount.source.c_str(), &status) != 0 ||
        !S_ISLNK(status.st_mode))
        return {};
    std::string target(4096, '\0');
    const ssize_t length = ::readlink(mount.source.c_str(), target.data(), target.size());
    if (length < 0) return oci::last_system_failure("readlink " + mount.source);
    target.resize(static_cast<std::size_t>(length));
    std::string last;
    const Fd parent = TRY(oci::open_parent_in_root(root, mount.destination, directory_mode, last));
    if (::symlinkat(target.c_str(), parent.get(), last.c_str()) != 0 && errno != EEXIST) {
        return oci::last_system_failure("symlink " + mount.destination);
    }
    done = true;
    return {};
}

/// The place to mount on, made as a directory or as a file when it is missing.
Result<Fd> open_destination(BorrowedFd root, const PlannedMount& mount, bool directory) {
    if (mount.options.destination_nofollow) {
        auto there = oci::open_in_root(root, mount.destination, O_PATH, 0, {.follow_last = false});
        if (there || there.error().system_errno != ENOENT) return there;
    }
    if (directory) return oci::make_directories_in_root(root, mount.destination, directory_mode);
    return oci::make_file_in_root(root, mount.destination, directory_mode, file_mode);
}

CopySource source_of(const InitRequest& request, const PlannedMount& mount) {
    return {.path = mount.source,
            .recursive = mount.options.recursive_bind,
            .nofollow = mount.options.source_nofollow,
            .may_look_up = request.host_paths && mount.id_map.empty()};
}

Result<MountCopy> open_source(const InitRequest& request, std::size_t index, const CopySource& source) {
    const auto prepared = request.mount_sources.find(index);
    if (prepared == request.mount_sources.end()) return copy_mount(source).in("source");
    return MountCopy{.fd = TRY(oci::duplicate(prepared->second)), .detached = true};
}

std::string tmpfs_data(const MountOptions& options, BorrowedFd place) {
    // A tmpfs without a mode takes the mode of the directory it covers, so that /tmp stays 1777.
    if (("," + options.data).find(",mode=") != std::string::npos) return options.data;
    struct stat status {};
    if (::fstat(place.get(), &status) != 0) return options.data;
    char mode[32];
    std::snprintf(mode, sizeof mode, "mode=%o", status.st_mode & 07777U);
    return options.data.empty() ? mode : options.data + "," + mode;
}

/// sysfs may not be mounted by a user namespace that does not own the network: the host's is bound.
Result<Fd> bind_host_sysfs(BorrowedFd root, const PlannedMount& mount, BorrowedFd place) {
    // Flags that are asked for hold for what lies below too: those are the host's own mounts.
    MountOptions options;
    options.recursive_set = mount.options.attributes_set & ~static_cast<std::uint64_t>(MOUNT_ATTR__ATIME);
    return attach_copy({.path = "/sys", .recursive = true}, {place, root, mount.destination}, options);
}

Result<Fd> mount_new_filesystem(BorrowedFd root, const PlannedMount& mount, BorrowedFd place,
                                unsigned long flags, const std::string& data) {
    const std::string source = mount.source.empty() ? mount.type : mount.source;
    const auto mounted = kernel::mount(source, fd_path(place), mount.type, flags, data);
    if (!mounted) {
        const bool not_allowed = mounted.error().system_errno == EPERM;
        if (mount.type == "sysfs" && not_allowed) return bind_host_sysfs(root, mount, place);
        return mounted.error().in("filesystem type " + oci::quote(mount.type) +
                                  (data.empty() ? "" : " with options " + oci::quote(data)));
    }
    // The mount now covers the place: it is looked up again to get hold of the new one.
    return oci::open_in_root(root, mount.destination, O_PATH);
}

/// The kernel maps ids of a mount only before it is attached.
Result<Fd> mount_mapped_filesystem(const InitRequest& request, std::size_t index, const PlannedMount& mount,
                                   BorrowedFd place, const std::string& data, bool late_readonly) {
    PlannedMount first = mount;
    if (late_readonly) {
        first.options.attributes_set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
        first.options.superblock_flags &= ~static_cast<unsigned long>(MS_RDONLY);
    }
    Fd made = TRY(make_filesystem(request, index, first, data));
    TRY(kernel::attach_mount(made, place));
    return made;
}

Result<Fd> open_filesystem_place(BorrowedFd root, const PlannedMount& mount) {
    if (mount.type != "proc" && mount.type != "sysfs") return open_destination(root, mount, true);
    // A link on the way to /proc or /sys would mount them where the container wants them.
    constexpr oci::Lookup no_links{.follow_last = false, .no_symlinks = true};
    auto place = oci::open_in_root(root, mount.destination, O_PATH | O_DIRECTORY, 0, no_links);
    if (!place && place.error().system_errno == ENOENT) {
        TRY(oci::make_directories_in_root(root, mount.destination, directory_mode));
        place = oci::open_in_root(root, mount.destination, O_PATH | O_DIRECTORY, 0, no_links);
    }
    if (!place && (place.error().system_errno == ELOOP || place.error().system_errno == ENOTDIR)) {
        return oci::system_failure(place.error().system_errno,
                                   "filesystem " + oci::quote(mount.type) +
                                       " must be mounted on ordinary directory, not through a symbolic link");
    }
    return place;
}

Result<void> perform_filesystem(const InitRequest& request, BorrowedFd root, std::size_t index,
                                const PlannedMount& mount) {
    const Fd place = TRY(open_filesystem_place(root, mount));
    Fd covered;
    if (mount.options.copy_up && mount.type == "tmpfs")
        covered = TRY(oci::open_in_root(root, mount.destination, O_RDONLY | O_DIRECTORY));
    unsigned long flags = legacy_flags(mount.options);
    const bool late_readonly = (flags & MS_RDONLY) != 0 && (covered.is_open() || mount.destination == "/dev");
    if (late_readonly) flags &= ~static_cast<unsigned long>(MS_RDONLY);
    const std::string data = mount.type == "tmpfs" ? tmpfs_data(mount.options, place) : mount.options.data;
    const bool mapped = request.idmap_namespaces.contains(index);
    const Fd mounted = TRY(mapped ? mount_mapped_filesystem(request, index, mount, place, data, late_readonly)
                                  : mount_new_filesystem(root, mount, place, flags, data));
    if (covered.is_open()) {
        TRY(copy_up(covered, mounted).in("copy up"));
        if (late_readonly && mount.destination != "/dev") {
            TRY(kernel::change_attributes(mounted, {.set = MOUNT_ATTR_RDONLY}));
        }
    }
    if (mount.options.recursive_set != 0 || mount.options.recursive_clear != 0) {
        MountOptions recursive_only;
        recursive_only.recursive_set = mount.options.recursive_set;
        recursive_only.recursive_clear = mount.options.recursive_clear;
        TRY(apply_attributes(recursive_only, mounted));
    }
    return apply_propagation(mount.options, mounted);
}

Result<void> perform_remount(BorrowedFd root, const PlannedMount& mount) {
    const Fd place = TRY(oci::open_in_root(root, mount.destination, O_PATH));
    TRY(apply_attributes(mount.options, place));
    return apply_propagation(mount.options, place);
}

Result<void> perform_mount(const InitRequest& request, BorrowedFd root, std::size_t index,
                           const PlannedMount& mount) {
    if (mount.options.remount) return perform_remount(root, mount);
    switch (mount.kind) {
        case PlannedMount::Kind::bind:
            return perform_bind(request, root, index, mount);
        case PlannedMount::Kind::cgroup:
            return mount_cgroups(mount, root);
        case PlannedMount::Kind::filesystem:
            return perform_filesystem(request, root, index, mount);
    }
    return {};
}

}  // namespace

Result<void> perform_bind(const InitRequest& request, BorrowedFd root, std::size_t index,
                          const PlannedMount& mount) {
    bool done = false;
    TRY(check_copied_link(root, mount, done));
    if (done) return {};
    const CopySource source = source_of(request, mount);
    MountCopy tree = TRY(open_source(request, index, source));
    const struct stat status = TRY(oci::status_of(tree.fd));
    auto opened = open_destination(root, mount, S_ISDIR(status.st_mode));
    if (!opened && opened.error().system_errno == ENOTDIR && S_ISDIR(status.st_mode)) {
        return oci::system_failure(
            ENOTDIR, "the source is a directory, and the destination, or what it lies below, is a file");
    }
    const Fd place = TRY(std::move(opened));
    const struct stat place_status = TRY(oci::status_of(place));
    if (S_ISDIR(place_status.st_mode) != S_ISDIR(status.st_mode)) {
        return oci::system_failure(
            ENOTDIR, "source is " + std::string(S_ISDIR(status.st_mode) ? "a directory" : "no directory") +
                         ", destination is " +
                         (S_ISDIR(place_status.st_mode) ? "a directory" : "no directory"));
    }
    const MountPlace target{place, root, mount.destination, mount.options.destination_nofollow};
    const Fd attached = TRY(attach_copy(std::move(tree), source, target, mount.options));
    return apply_propagation(mount.options, attached);
}

std::string fd_path(BorrowedFd fd) {
    return "/proc/self/fd/" + std::to_string(fd.get());
}

unsigned long legacy_flags(const MountOptions& options) {
    struct Pair {
        std::uint64_t attribute;
        unsigned long flag;
    };
    constexpr Pair pairs[] = {
        {MOUNT_ATTR_RDONLY, MS_RDONLY},         {MOUNT_ATTR_NOSUID, MS_NOSUID},
        {MOUNT_ATTR_NODEV, MS_NODEV},           {MOUNT_ATTR_NOEXEC, MS_NOEXEC},
        {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME}, {MOUNT_ATTR_NOSYMFOLLOW, 256 /* MS_NOSYMFOLLOW */}};
    unsigned long flags = options.superblock_flags;
    for (const Pair& pair : pairs) {
        if ((options.attributes_set & pair.attribute) != 0) flags |= pair.flag;
    }
    const std::uint64_t atime = options.attributes_set & MOUNT_ATTR__ATIME;
    if (atime == MOUNT_ATTR_NOATIME) flags |= MS_NOATIME;
    if (atime == MOUNT_ATTR_STRICTATIME) flags |= MS_STRICTATIME;
    if (atime == 0 && (options.attributes_clear & MOUNT_ATTR__ATIME) != 0) flags |= MS_RELATIME;
    return flags;
}

Result<void> apply_attributes(const MountOptions& options, BorrowedFd mount) {
    if (options.attributes_set != 0 || options.attributes_clear != 0) {
        auto changed = kernel::change_attributes(
            mount, {.set = options.attributes_set, .clear = options.attributes_clear});
        if (!changed && changed.error().system_errno == EPERM) {
            // Inside a user namespace flags of the host's mount are locked: what may be added is added.
            const std::uint64_t atime = options.attributes_set & MOUNT_ATTR__ATIME;
            changed = kernel::change_attributes(mount, {.set = options.attributes_set & ~atime, .clear = 0});
        }
        TRY(std::move(changed));
    }
    if (options.recursive_set != 0 || options.recursive_clear != 0) {
        TRY(kernel::change_attributes(
            mount, {.set = options.recursive_set, .clear = options.recursive_clear, .recursive = true}));
    }
    return {};
}

Result<void> apply_propagation(const MountOptions& options, BorrowedFd mount) {
    for (const unsigned long flags : options.propagation) {
        TRY(kernel::change_attributes(mount, {.propagation = flags & ~static_cast<unsigned long>(MS_REC),
                                              .recursive = (flags & MS_REC) != 0}));
    }
    return {};
}

Result<void> perform_mounts(const InitRequest& request, BorrowedFd root) {
    const std::vector<PlannedMount>& mounts = request.plan->rootfs.mounts;
    for (std::size_t index = 0; index < mounts.size(); ++index) {
        const PlannedMount& mount = mounts[index];
        if (auto done = perform_mount(request, root, index, mount); !done) {
            const std::string what =
                mount.kind == PlannedMount::Kind::bind ? "bind " + mount.source : "mount " + mount.type;
            return done.error().in(mount.origin + ": " + what + " on " + mount.destination);
        }
    }
    return {};
}

}  // namespace ocirun
