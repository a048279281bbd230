#include "runtime/init/change_rootfs.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "runtime/init/join_process.hpp"
#include "runtime/init/kernel_settings.hpp"
#include "runtime/init/new_filesystem.hpp"
#include "runtime/init/perform_mounts.hpp"
#include "runtime/init/prepare_rootfs.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// Unmounts what is open here. The container's /proc is not to be trusted with the path; the current
/// directory is the host's.
Result<void> unmount(BorrowedFd mount) {
    return kernel::unmount("self/fd/" + std::to_string(mount.get()), MNT_DETACH);
}

Result<void> attach_filesystem(const InitRequest& request, BorrowedFd root, std::size_t index,
                               const PlannedMount& mount) {
    const Fd made = TRY(make_filesystem(request, index, mount, mount.options.data));
    const Fd place = TRY(oci::make_directories_in_root(root, mount.destination, 0755));
    TRY(kernel::attach_mount(made, place));
    return apply_propagation(mount.options, made);
}

/// What was made so far; undone, last first, unless everything was made.
class Made {
public:
    explicit Made(BorrowedFd root) : root_(root) {}
    void add_mount(const std::string& destination) { mounts_.push_back(destination); }
    void add_device(const std::string& path) { devices_.push_back(path); }

    void undo() const {
        for (auto path = mounts_.rbegin(); path != mounts_.rend(); ++path) {
            const auto mount = oci::open_in_root(root_, *path, O_PATH);
            if (mount) static_cast<void>(unmount(*mount).has_value());
        }
        for (auto path = devices_.rbegin(); path != devices_.rend(); ++path) {
            std::string name;
            const auto parent = oci::open_parent_in_root(root_, *path, 0755, name);
            if (parent) ::unlinkat(parent->get(), name.c_str(), 0);
        }
    }

private:
    BorrowedFd root_;
    std::vector<std::string> mounts_;
    std::vector<std::string> devices_;
};

Result<void> make_all(const RootfsChange& change, Made& made) {
    const RootfsPlan& plan = change.init.plan->rootfs;
    for (const PlannedDevice& device : plan.devices) {
        RootfsPlan one;
        one.devices = {device};
        const bool there = oci::open_in_root(change.root, device.path, O_PATH).has_value();
        TRY(make_devices(one, change.root));
        if (!there) made.add_device(device.path);
    }
    for (std::size_t index = 0; index < plan.mounts.size(); ++index) {
        const PlannedMount& mount = plan.mounts[index];
        const std::string where = mount.origin + ": " + mount.type + " on " + mount.destination;
        if (mount.kind == PlannedMount::Kind::bind) {
            TRY(perform_bind(change.init, change.root, index, mount).in(where));
        } else {
            TRY(attach_filesystem(change.init, change.root, index, mount).in(where));
        }
        made.add_mount(mount.destination);
    }
    return {};
}

Result<void> unmount_all(const RootfsChange& change) {
    for (const std::string& destination : change.unmount) {
        const Fd mount = TRY(oci::open_in_root(change.root, destination, O_PATH).in("unmount"));
        const auto done = unmount(mount);
        if (done) continue;
        if (done.error().system_errno == EINVAL)
            return oci::failure("unmount " + destination + ": nothing is mounted there");
        return done.error().in("unmount " + destination);
    }
    return {};
}

Result<void> perform_change(RootfsChange& change) {
    TRY(kernel::set_dumpable(false));
    TRY(join_namespaces_of({change.container_pidfd, change.init.context.proc, change.container_pid},
                           change.namespaces)
            .in("join the container's mount namespace"));
    // Files are made as its root: the ids of the host have no meaning there.
    if ((change.namespaces & CLONE_NEWUSER) != 0) TRY(become_namespace_root());
    ::umask(0);
    if (::fchdir(change.init.context.proc.get()) != 0) return oci::last_system_failure("chdir to /proc");
    if (!change.unmount.empty()) return unmount_all(change);
    Made made(change.root);
    auto done = make_all(change, made);
    if (!done) made.undo();
    return done;
}

}  // namespace

void run_rootfs_change(RootfsChange& change) noexcept {
    const auto done = perform_change(change);
    const Channel& channel = change.init.context.channel;
    const auto sent = done ? channel.send(Tag::ready) : channel.send(message_of(done.error()));
    ::_exit(done && sent ? 0 : 1);
}

}  // namespace ocirun
