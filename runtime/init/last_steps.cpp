#include "runtime/init/last_steps.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/init/become_user.hpp"
#include "runtime/kernel/landlock.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

void describe_failure(Message& failure, int number, const char* what, const char* name) noexcept {
    failure.tag = Tag::failed;
    failure.system_errno = number;
    failure.code = static_cast<std::uint32_t>(oci::ErrorCode::system);
    const char* reason = strerrordesc_np(number);
    const int length = std::snprintf(failure.text.data(), failure.text.size(), "%s%s: %c%s", what, name,
                                     reason != nullptr ? static_cast<char>(reason[0] | 0x20) : 'e',
                                     reason != nullptr ? reason + 1 : "rror");
    failure.length = length > 0 ? static_cast<std::uint32_t>(length) : 0;
    if (failure.length > failure.text.size() - 1)
        failure.length = static_cast<std::uint32_t>(failure.text.size() - 1);
}

/// Loads the filter; the listener descriptor, or -1 without one, or -2 on failure.
int load_filter(const SeccompPlan& seccomp) noexcept {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(seccomp.program.size() / sizeof(sock_filter));
    program.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(seccomp.program.data()));
    const bool listens = !seccomp.listener_path.empty();
    unsigned flags = seccomp.flags;
    if (listens) {
        flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        if ((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    }
    const long answer = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (answer < 0) return -2;
    return listens ? static_cast<int>(answer) : -1;
}

}  // namespace

PreparedProgram::PreparedProgram(std::string path, std::vector<std::string> arguments,
                                 std::vector<std::string> environment)
    : path_(std::move(path)),
      arguments_(std::move(arguments)),
      environment_(std::move(environment)),
      argument_pointers_(pointers_to(arguments_)),
      environment_pointers_(pointers_to(environment_)),
      head_(path_.c_str()) {}

void take_last_steps(const LastSteps& steps, Message& failure) noexcept {
    if (steps.landlock.is_open() && !kernel::restrict_self(steps.landlock))
        return describe_failure(failure, errno, "annotations: ocirun.landlock: restrict", "");
    if (!steps.seccomp->program.empty()) {
        const int listener = load_filter(*steps.seccomp);
        if (listener == -2) return describe_failure(failure, errno, "linux.seccomp: load filter", "");
        if (listener >= 0) {
            const auto sent =
                send_descriptor(steps.listener_socket, oci::BorrowedFd(listener), steps.listener_state);
            if (!sent)
                return describe_failure(failure, sent.error().system_errno,
                                        "linux.seccomp.listenerPath: send", "");
            ::close(listener);
        }
    }
    if (steps.drop_last_capability) {
        const auto dropped = set_final_capabilities(*steps.process);
        if (!dropped)
            return describe_failure(failure, dropped.error().system_errno, "process.capabilities", "");
    }
    ::execve(steps.program->path(), steps.program->arguments(), steps.program->environment());
    const int number = errno;
    describe_failure(failure, number, "exec ", steps.program->path());
    const bool filtered = !steps.seccomp->program.empty();
    failure.length = static_cast<std::uint32_t>(steps.program->head().explain(
        number, filtered, failure.text.data(), failure.length, failure.text.size()));
}

Result<Fd> connect_listener(const SeccompPlan& seccomp) {
    if (seccomp.program.empty() || seccomp.listener_path.empty()) return Fd();
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return oci::last_system_failure("linux.seccomp.listenerPath: socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (seccomp.listener_path.size() >= sizeof address.sun_path) {
        return oci::failure("linux.seccomp.listenerPath: " + oci::quote(seccomp.listener_path) +
                            " is too long for a socket");
    }
    std::memcpy(address.sun_path, seccomp.listener_path.c_str(), seccomp.listener_path.size());
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return oci::last_system_failure("linux.seccomp.listenerPath: failed to connect with seccomp agent " +
                                        seccomp.listener_path);
    }
    return socket;
}

Result<void> limit_descriptors(const PassedDescriptors& passed, oci::BorrowedFd proc) {
    for (int number = 3; number < 3 + passed.count; ++number) {
        const int flags = ::fcntl(number, F_GETFD);
        if (flags >= 0 && ::fcntl(number, F_SETFD, flags & ~FD_CLOEXEC) != 0)
            return oci::last_system_failure("pass descriptor");
    }
    return oci::close_at_execve(3 + passed.count, proc).in("close descriptors");
}

}  // namespace ocirun
