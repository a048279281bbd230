#include "runtime/hooks/filtered_spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ocirun {
namespace {

using oci::Fd;
using oci::Result;

constexpr int cannot_execute = 127;

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

bool connect_stream(oci::BorrowedFd from, int to, int flags) noexcept {
    const int source = from.is_open() ? from.get() : ::open("/dev/null", flags | O_CLOEXEC);
    return source >= 0 && ::dup2(source, to) == to;
}

bool load_filter(const SeccompPlan& seccomp) noexcept {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(seccomp.program.size() / sizeof(sock_filter));
    program.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(seccomp.program.data()));
    // A flag for filters with a listener; the kernel refuses it alone.
    const unsigned flags = seccomp.flags & ~unsigned{SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0;
}

}  // namespace

Result<oci::ChildProcess> spawn_filtered(const oci::SpawnRequest& request, const SeccompPlan& seccomp) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return oci::last_system_failure("pipe2");
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    const std::vector<char*> arguments = pointers_to(request.arguments);
    const std::vector<char*> environment = pointers_to(request.environment);
    // This process has one thread: the copy may use everything.
    const pid_t pid = ::fork();
    if (pid < 0) return oci::last_system_failure("fork");
    if (pid == 0) {
        // Older kernels lack the call; everything of ours is close-on-exec there too.
        static_cast<void>(::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0);
        if (connect_stream(request.standard_input, 0, O_RDONLY) &&
            connect_stream(request.standard_output, 1, O_WRONLY) &&
            connect_stream(request.standard_error, 2, O_WRONLY) && load_filter(seccomp)) {
            ::execve(request.path.c_str(), arguments.data(), environment.data());
        }
        const int number = errno;
        // The filter may forbid this; the exit status tells then.
        static_cast<void>(::write(writing.get(), &number, sizeof number) == sizeof number);
        ::_exit(cannot_execute);
    }
    writing.reset();
    oci::ChildProcess child(pid, Fd());
    int number = 0;
    if (::read(reading.get(), &number, sizeof number) == sizeof number) {
        return oci::system_failure(number, "start " + request.path);
    }
    Fd pidfd = TRY(oci::open_pidfd(pid));
    return oci::ChildProcess(child.detach(), std::move(pidfd));
}

}  // namespace ocirun
