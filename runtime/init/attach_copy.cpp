#include "runtime/init/attach_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "runtime/init/perform_mounts.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

bool is_missing_call(const oci::Error& error) {
    return error.system_errno == ENOSYS;
}

Result<Fd> open_original(const CopySource& source) {
    if (source.path.empty()) return oci::duplicate(source.directory);
    return oci::open_at(source.directory, source.path, O_PATH | (source.nofollow ? O_NOFOLLOW : 0));
}

Result<Fd> attach_tree(Fd tree, const MountPlace& place, const MountOptions& options) {
    auto early = apply_attributes(options, tree);
    // Without mount_setattr(2) only a mount that is attached can be changed; nobody looks at it yet.
    const bool later = !early && is_missing_call(early.error());
    if (!later) TRY(std::move(early));
    TRY(kernel::attach_mount(tree, place.place));
    if (later) TRY(apply_attributes(options, tree));
    return tree;
}

Result<Fd> bind_original(const Fd& original, const CopySource& source, const MountPlace& place,
                         const MountOptions& options) {
    const unsigned long recursive = source.recursive ? MS_REC : 0;
    TRY(kernel::mount(fd_path(original), fd_path(place.place), "", MS_BIND | recursive, ""));
    Fd mounted = TRY(oci::open_in_root(place.root, place.path, O_PATH, 0, {.follow_last = !place.nofollow}));
    const struct stat wanted = TRY(oci::status_of(original));
    const struct stat found = TRY(oci::status_of(mounted));
    if (wanted.st_dev != found.st_dev || wanted.st_ino != found.st_ino)
        return oci::failure(place.path + " has changed while it was mounted on");
    TRY(apply_attributes(options, mounted));
    return mounted;
}

}  // namespace

Result<MountCopy> copy_mount(const CopySource& source) {
    unsigned flags = OPEN_TREE_CLONE;
    if (source.path.empty()) flags |= static_cast<unsigned>(AT_EMPTY_PATH);
    if (source.recursive) flags |= static_cast<unsigned>(AT_RECURSIVE);
    if (source.nofollow) flags |= static_cast<unsigned>(AT_SYMLINK_NOFOLLOW);
    auto tree = kernel::open_tree(source.directory, source.path, flags);
    if (!tree && is_missing_call(tree.error()) && source.may_look_up)
        return MountCopy{.fd = TRY(open_original(source)), .detached = false};
    return MountCopy{.fd = TRY(std::move(tree)), .detached = true};
}

Result<Fd> attach_copy(MountCopy copy, const CopySource& source, const MountPlace& place,
                       const MountOptions& options) {
    if (copy.detached) {
        auto attached = attach_tree(std::move(copy.fd), place, options);
        if (attached || !is_missing_call(attached.error())) return attached;
        if (!source.may_look_up)
            return oci::failure(oci::ErrorCode::unsupported,
                                "this mount needs move_mount(2), which Linux has since 5.2");
        copy.fd = TRY(open_original(source));
    }
    return bind_original(copy.fd, source, place, options);
}

Result<Fd> attach_copy(const CopySource& source, const MountPlace& place, const MountOptions& options) {
    return attach_copy(TRY(copy_mount(source)), source, place, options);
}

}  // namespace ocirun
