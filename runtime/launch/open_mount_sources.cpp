#include "runtime/launch/open_mount_sources.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>

#include <cerrno>

#include "runtime/kernel/mount_api.hpp"
#include "runtime/launch/id_mapper.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

Result<void> open_mount_sources(const ContainerPlan& plan, BorrowedFd proc, bool all_binds,
                                InitRequest& request) {
    for (std::size_t index = 0; index < plan.rootfs.mounts.size(); ++index) {
        const PlannedMount& mount = plan.rootfs.mounts[index];
        const bool mapped = !mount.id_map.empty();
        const bool bind = mount.kind == PlannedMount::Kind::bind;
        if (mount.options.remount || (!mapped && !(bind && all_binds))) continue;
        const std::string where = mount.origin + ": bind " + mount.source + " on " + mount.destination;
        Fd mapping;
        if (mapped) mapping = TRY(make_user_namespace(proc, mount.id_map).in(where));
        if (!bind) {
            request.idmap_namespaces.emplace(index, std::move(mapping));
            continue;
        }
        unsigned flags = OPEN_TREE_CLONE;
        if (mount.options.recursive_bind) flags |= static_cast<unsigned>(AT_RECURSIVE);
        if (mount.options.source_nofollow) flags |= static_cast<unsigned>(AT_SYMLINK_NOFOLLOW);
        auto opened = kernel::open_tree(oci::current_directory, mount.source, flags);
        // Before Linux 5.2 no mount can be handed over: init looks the source up.
        if (!opened && opened.error().system_errno == ENOSYS) {
            if (!mapped) continue;
            return oci::failure(oci::ErrorCode::unsupported,
                                where + ": an id-mapped mount needs open_tree(2), move_mount(2) and " +
                                    "mount_setattr(2), which Linux has since 5.12");
        }
        Fd tree = TRY(std::move(opened).in(where));
        if (mapped) {
            TRY(kernel::change_attributes(tree, {.set = MOUNT_ATTR_IDMAP,
                                                 .user_namespace = static_cast<std::uint64_t>(mapping.get()),
                                                 .recursive = mount.options.recursive_idmap})
                    .in(where + ": idmap"));
        }
        request.mount_sources.emplace(index, std::move(tree));
    }
    return {};
}

}  // namespace ocirun
