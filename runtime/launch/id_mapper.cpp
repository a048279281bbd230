#include "runtime/launch/id_mapper.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/file.hpp"
#include "base/process.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

Result<void> write_id_maps(BorrowedFd proc, pid_t pid, const IdMapPlan& maps) {
    const std::string directory = std::to_string(pid);
    if (::geteuid() != 0) TRY(write_proc(proc, directory + "/setgroups", "deny"));
    if (!maps.gids.empty())
        TRY(write_proc(proc, directory + "/gid_map", id_map_text(maps.gids)).in("linux.gidMappings"));
    if (!maps.uids.empty())
        TRY(write_proc(proc, directory + "/uid_map", id_map_text(maps.uids)).in("linux.uidMappings"));
    return {};
}

Result<Fd> make_user_namespace(BorrowedFd proc, const IdMapPlan& maps) {
    auto cloned = TRY(kernel::clone_process({.flags = CLONE_NEWUSER}));
    if (cloned.pid == 0) {
        for (;;) ::pause();
    }
    // Dropping the child ends and reaps it; the descriptor keeps the namespace.
    const oci::ChildProcess holder(cloned.pid, std::move(cloned.pidfd));
    TRY(write_id_maps(proc, holder.pid(), maps));
    return oci::open_file("/proc/" + std::to_string(holder.pid()) + "/ns/user", O_RDONLY);
}

}  // namespace ocirun
