#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "runtime/init/attach_copy.hpp"
#include "runtime/init/prepare_rootfs.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

bool is_node_of(const std::string& path, const PlannedDevice& device) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IFMT) == device.type &&
           status.st_rdev == makedev(device.major, device.minor);
}

/// The host's node of a device: at the path that is asked for, or where the kernel says it belongs.
Result<std::string> find_host_node(const PlannedDevice& device) {
    if (is_node_of(device.path, device)) return device.path;
    const std::string number = std::to_string(device.major) + ":" + std::to_string(device.minor);
    const std::string kind = device.type == S_IFBLK ? "block" : "char";
    constexpr std::string_view key = "DEVNAME=";
    std::string tried = device.path;
    if (const auto facts = oci::read_kernel_file("/sys/dev/" + kind + "/" + number + "/uevent")) {
        for (const std::string& line : oci::split(*facts, '\n')) {
            if (!line.starts_with(key)) continue;
            const std::string path = "/dev/" + line.substr(key.size());
            if (is_node_of(path, device)) return path;
            tried += " or " + path;
        }
    }
    return oci::system_failure(ENODEV, "in a user namespace only the host's own nodes can be given, and " +
                                           kind + " " + number + " is not at " + tried);
}

Result<void> bind_host_device(const PlannedDevice& device, BorrowedFd root) {
    const CopySource source{.path = TRY(find_host_node(device))};
    MountCopy node = TRY(copy_mount(source));
    const Fd place = TRY(oci::make_file_in_root(root, device.path, 0755, 0644));
    TRY(attach_copy(std::move(node), source, {place, root, device.path}, {}));
    return {};
}

/// A device that is there already must be the one that is wanted.
Result<bool> is_there(const PlannedDevice& device, BorrowedFd parent, const std::string& name) {
    struct stat status {};
    if (::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    const bool same_kind = (status.st_mode & S_IFMT) == device.type;
    const bool same_number = device.type == S_IFIFO || status.st_rdev == makedev(device.major, device.minor);
    if (same_kind && same_number) return true;
    return oci::system_failure(EEXIST, device.path + " is something else than the device that is asked for");
}

Result<void> make_device(const PlannedDevice& device, BorrowedFd root, bool by_bind) {
    if (by_bind && device.type != S_IFIFO) return bind_host_device(device, root);
    std::string name;
    const Fd parent = TRY(oci::open_parent_in_root(root, device.path, 0755, name));
    const dev_t number = device.type == S_IFIFO ? 0 : makedev(device.major, device.minor);
    if (::mknodat(parent.get(), name.c_str(), device.type | device.mode, number) != 0) {
        if (errno == EPERM && device.type != S_IFIFO) return bind_host_device(device, root);
        if (errno != EEXIST) return oci::last_system_failure("mknod " + device.path);
        if (!TRY(is_there(device, parent, name))) return oci::system_failure(EEXIST, "mknod " + device.path);
    }
    if (::fchmodat(parent.get(), name.c_str(), device.mode, 0) != 0)
        return oci::last_system_failure("chmod " + device.path);
    if (::fchownat(parent.get(), name.c_str(), device.uid, device.gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return oci::last_system_failure("chown " + device.path);
    }
    return {};
}

Result<void> make_link(const PlannedLink& link, BorrowedFd root) {
    std::string name;
    const Fd parent = TRY(oci::open_parent_in_root(root, link.path, 0755, name));
    if (::symlinkat(link.target.c_str(), parent.get(), name.c_str()) == 0) return {};
    if (errno != EEXIST) return oci::last_system_failure("symlink " + link.path);
    if (link.path != "/dev/ptmx") return {};
    // An old image's own ptmx node would open the host's terminals.
    if (::unlinkat(parent.get(), name.c_str(), 0) != 0 ||
        ::symlinkat(link.target.c_str(), parent.get(), name.c_str()) != 0) {
        return oci::last_system_failure("replace " + link.path);
    }
    return {};
}

}  // namespace

Result<void> make_devices(const RootfsPlan& plan, BorrowedFd root) {
    for (const PlannedDevice& device : plan.devices) {
        TRY(make_device(device, root, plan.bind_devices).in(device.origin + ": device " + device.path));
    }
    for (const PlannedLink& link : plan.links) TRY(make_link(link, root));
    return {};
}

}  // namespace ocirun
