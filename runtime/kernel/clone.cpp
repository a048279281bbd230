#include "runtime/kernel/clone.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ocirun::kernel {

using oci::last_system_failure;
using oci::Result;

Result<ClonedProcess> clone_process(const CloneRequest& request) {
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = request.flags;
    if (request.want_pidfd) {
        arguments.flags |= CLONE_PIDFD;
        arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    }
    // With CLONE_PARENT the child's exit signal is the parent's own: none may be named.
    arguments.exit_signal = (request.flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
    if (request.into_cgroup) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<__u64>(request.into_cgroup->get());
    }
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) return last_system_failure("clone3");
    return ClonedProcess{.pid = static_cast<pid_t>(pid), .pidfd = oci::Fd(pid == 0 ? -1 : pidfd)};
}

Result<void> join_namespaces(oci::BorrowedFd target, std::uint64_t flags) {
    if (::setns(target.get(), static_cast<int>(flags)) != 0) return last_system_failure("setns");
    return {};
}

Result<void> unshare_namespaces(std::uint64_t flags) {
    if (::unshare(static_cast<int>(flags)) != 0) return last_system_failure("unshare");
    return {};
}

}  // namespace ocirun::kernel
