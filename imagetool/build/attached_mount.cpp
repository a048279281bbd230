#include "imagetool/build/attached_mount.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocimg::build {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

AttachedMount::~AttachedMount() {
    if (path_.empty() || ::umount2(path_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return;
    // Whoever removes the directory next would remove what is mounted there: rather end the whole build,
    // whose mount namespace goes with it.
    std::fprintf(stderr, "ocimg: unmount %s: %s\n", path_.c_str(), oci::errno_text(errno).c_str());
    ::_exit(1);
}

Result<AttachedMount> attach_at(BorrowedFd mount, const std::string& path) {
    const Fd place = TRY(oci::open_file(path, O_PATH | O_NOFOLLOW));
    if (::move_mount(mount.get(), "", place.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) !=
        0)
        return oci::last_system_failure("mount on " + oci::quote(path));
    return AttachedMount(path);
}

Result<AttachedMount> bind_at(BorrowedFd file, const std::string& path) {
    const int copy = ::open_tree(file.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    if (copy < 0) return oci::last_system_failure("bind to " + oci::quote(path));
    return attach_at(Fd(copy), path);
}

Result<AttachedMount> tmpfs_at(const std::string& path) {
    if (::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700,size=64m") != 0)
        return oci::last_system_failure("mount a tmpfs on " + oci::quote(path));
    return AttachedMount(path);
}

}  // namespace ocimg::build
