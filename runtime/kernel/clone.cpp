#include "runtime/kernel/clone.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ocirun::kernel {

using oci::last_system_failure;
using oci::Result;

namespace {

/// clone(2) has no room for CLONE_NEWTIME among its flags: the namespace is made around it, and this process
/// goes back to its own.
class TimeNamespaceAround {
public:
    Result<void> enter() {
        own_ = oci::Fd(::open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC));
        if (!own_.is_open()) return last_system_failure("/proc/self/ns/time");
        if (::unshare(CLONE_NEWTIME) != 0) return last_system_failure("unshare the time namespace");
        return {};
    }
    void leave() {
        if (own_.is_open()) ::setns(own_.get(), CLONE_NEWTIME);
        own_.reset();
    }

private:
    oci::Fd own_;
};

Result<ClonedProcess> clone_by_old_call(const CloneRequest& request) {
    std::uint64_t flags = request.flags;
    TimeNamespaceAround around;
    if ((flags & CLONE_NEWTIME) != 0) {
        flags &= ~std::uint64_t{CLONE_NEWTIME};
        TRY(around.enter());
    }
    int pidfd = -1;
    if (request.want_pidfd) flags |= CLONE_PIDFD;
    if ((flags & CLONE_PARENT) == 0) flags |= SIGCHLD;
    // No stack: the child goes on with a copy of this one, as after fork.
    const long pid = ::syscall(SYS_clone, flags, nullptr, &pidfd, nullptr, nullptr);
    const int error = errno;
    around.leave();
    if (pid < 0) return oci::system_failure(error, "clone");
    return ClonedProcess{.pid = static_cast<pid_t>(pid), .pidfd = oci::Fd(pid == 0 ? -1 : pidfd)};
}

/// ENOSYS and E2BIG: the structure has grown since; EINVAL: an unknown flag.
bool lacks_cgroup_flag(int error) {
    return error == ENOSYS || error == E2BIG || error == EINVAL;
}

}  // namespace

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
    std::size_t size = CLONE_ARGS_SIZE_VER0;
    if (request.into_cgroup) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<__u64>(request.into_cgroup->get());
        size = sizeof arguments;
    }
    const long pid = ::syscall(SYS_clone3, &arguments, size);
    if (pid < 0 && request.into_cgroup && lacks_cgroup_flag(errno)) {
        CloneRequest outside = request;
        outside.into_cgroup.reset();
        return clone_process(outside);
    }
    if (pid < 0 && errno == ENOSYS) return clone_by_old_call(request);
    if (pid < 0) return last_system_failure("clone3");
    return ClonedProcess{.pid = static_cast<pid_t>(pid),
                         .pidfd = oci::Fd(pid == 0 ? -1 : pidfd),
                         .in_cgroup = request.into_cgroup.has_value()};
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
