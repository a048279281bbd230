#include "runtime/launch/change_rootfs.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/init/change_rootfs.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/launch/launch_exec.hpp"
#include "runtime/launch/open_mount_sources.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Fd;
using oci::Result;

namespace {

/// Only what means the same whoever mounts it: procfs and the like show the namespaces of their maker.
Result<void> check_kinds(const RootfsPlan& plan) {
    constexpr std::array<std::string_view, 6> of_namespaces{"proc",   "sysfs",  "mqueue",
                                                            "devpts", "cgroup", "cgroup2"};
    for (const PlannedMount& mount : plan.mounts) {
        if (mount.options.remount)
            return oci::failure(ErrorCode::unsupported,
                                mount.origin + ": a remount of a running container is not possible");
        if (mount.options.copy_up || mount.options.copy_symlink)
            return oci::failure(ErrorCode::unsupported,
                                mount.origin + ".options: tmpcopyup and copy-symlink are for create only");
        const bool unfit =
            mount.kind != PlannedMount::Kind::bind &&
            std::find(of_namespaces.begin(), of_namespaces.end(), mount.type) != of_namespaces.end();
        if (unfit)
            return oci::failure(ErrorCode::unsupported, mount.origin + ".type: " + oci::quote(mount.type) +
                                                            " can be mounted by create only");
    }
    return {};
}

/// A device node on a file system of a user namespace opens nothing: the host's node is bound instead.
void bind_devices(RootfsPlan& plan) {
    std::vector<PlannedDevice> nodes;
    for (PlannedDevice& device : plan.devices) {
        if (device.type == S_IFIFO) {
            nodes.push_back(std::move(device));
            continue;
        }
        PlannedMount mount;
        mount.kind = PlannedMount::Kind::bind;
        mount.origin = device.origin;
        mount.destination = device.path;
        mount.source = device.path;
        mount.type = "bind";
        plan.mounts.push_back(std::move(mount));
    }
    plan.devices = std::move(nodes);
}

Result<void> run_change(pid_t pid, RootfsChange& change) {
    auto [ours, theirs] = TRY(Channel::make_pair());
    change.init.context.channel = std::move(theirs);
    change.container_pidfd = TRY(oci::open_pidfd(pid));
    change.container_pid = pid;
    change.root = TRY(oci::open_file("/proc/" + std::to_string(pid) + "/root", O_PATH | O_DIRECTORY));
    change.namespaces = CLONE_NEWNS;
    if (in_other_user_namespace(pid)) change.namespaces |= CLONE_NEWUSER;
    const auto cloned = TRY(kernel::clone_process({}));
    if (cloned.pid == 0) {
        ours.close();
        run_rootfs_change(change);
    }
    change.init.context.channel.close();
    Message message;
    const auto received = ours.receive(message);
    while (::waitpid(cloned.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (!TRY(received)) return oci::failure("the process that changes the mounts has ended");
    return message.tag == Tag::ready ? Result<void>() : Result<void>(error_of(message));
}

}  // namespace

Result<void> add_to_rootfs(pid_t pid, ContainerPlan plan) {
    TRY(check_kinds(plan.rootfs));
    if (plan.rootfs.bind_devices) bind_devices(plan.rootfs);
    if (plan.rootfs.mounts.empty() && plan.rootfs.devices.empty()) return {};
    RootfsChange change{};
    change.init.plan = &plan;
    change.init.context.proc = TRY(open_trusted_proc());
    change.init.host_paths = false;
    TRY(open_mount_sources(plan, change.init.context.proc, true, change.init));
    auto changed = run_change(pid, change);
    if (!changed && changed.error().system_errno == ENOSYS)
        return oci::failure(ErrorCode::unsupported,
                            changed.error().text +
                                ": mounts of a running container need the mount calls of " +
                                "Linux 5.2 (open_tree, move_mount, fsopen)");
    return changed;
}

Result<void> unmount_from_rootfs(pid_t pid, const std::vector<std::string>& destinations) {
    if (destinations.empty()) return {};
    RootfsChange change{};
    change.init.context.proc = TRY(open_trusted_proc());
    change.unmount = destinations;
    return run_change(pid, change);
}

}  // namespace ocirun
