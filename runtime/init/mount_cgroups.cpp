#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "runtime/init/attach_copy.hpp"
#include "runtime/init/perform_mounts.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// One hierarchy onto an open directory: by file system inside a private cgroup namespace, else by bind.
Result<void> mount_entry(const PlannedMount& mount, const CgroupMountEntry& entry, const MountPlace& place) {
    const bool unified = mount.cgroup_v2 || entry.filesystem_data.empty();
    if (!mount.cgroup_by_bind) {
        auto mounted = kernel::mount("cgroup", fd_path(place.place), unified ? "cgroup2" : "cgroup",
                                     legacy_flags(mount.options), unified ? "" : entry.filesystem_data);
        const bool refused =
            !mounted && (mounted.error().system_errno == EPERM || mounted.error().system_errno == EBUSY);
        if (mounted || !refused) return mounted;
    }
    TRY(attach_copy({.path = entry.host_path}, place, mount.options).in("bind"));
    return {};
}

Result<void> make_links(BorrowedFd directory, const CgroupMountEntry& entry) {
    for (const std::string& link : entry.links) {
        if (::symlinkat(entry.name.c_str(), directory.get(), link.c_str()) != 0 && errno != EEXIST) {
            return oci::last_system_failure("symlink " + link);
        }
    }
    return {};
}

}  // namespace

Result<void> mount_cgroups(const PlannedMount& mount, BorrowedFd root) {
    const Fd place = TRY(oci::make_directories_in_root(root, mount.destination, 0755));
    if (mount.cgroup_v2) {
        if (mount.cgroup_entries.empty()) return {};
        TRY(mount_entry(mount, mount.cgroup_entries.front(), {place, root, mount.destination}));
        return apply_propagation(mount.options, TRY(oci::open_in_root(root, mount.destination, O_PATH)));
    }
    const unsigned long flags = legacy_flags(mount.options) & ~static_cast<unsigned long>(MS_RDONLY);
    TRY(kernel::mount("tmpfs", fd_path(place), "tmpfs", flags, "mode=755"));
    const Fd directory = TRY(oci::open_in_root(root, mount.destination, O_PATH | O_DIRECTORY));
    for (const CgroupMountEntry& entry : mount.cgroup_entries) {
        if (auto made = oci::make_directory(directory, entry.name, 0755);
            !made && made.error().system_errno != EEXIST)
            return made;
        const Fd target = TRY(oci::open_at(directory, entry.name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
        TRY(mount_entry(mount, entry, {target, directory, entry.name}).in(entry.name));
        TRY(make_links(directory, entry));
    }
    if ((mount.options.attributes_set & MOUNT_ATTR_RDONLY) != 0) {
        TRY(kernel::change_attributes(directory, {.set = MOUNT_ATTR_RDONLY}));
    }
    return apply_propagation(mount.options, directory);
}

}  // namespace ocirun
