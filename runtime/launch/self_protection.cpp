#include "runtime/launch/self_protection.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.hpp"
#include "base/file.hpp"

namespace ocirun {

using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr unsigned memfd_executable = 0x10;  // MFD_EXEC, known to kernels since 6.3

bool is_sealed(oci::BorrowedFd file) {
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    return seals >= 0 && (seals & all_seals) == all_seals;
}

Result<Fd> create_memory_file() {
    Fd file(::memfd_create("ocirun", MFD_CLOEXEC | MFD_ALLOW_SEALING | memfd_executable));
    if (!file.is_open() && errno == EINVAL)
        file = Fd(::memfd_create("ocirun", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.is_open()) return last_system_failure("memfd_create");
    return file;
}

Result<Fd> sealed_copy(oci::BorrowedFd binary) {
    const struct stat status = TRY(oci::status_of(binary));
    Fd copy = TRY(create_memory_file());
    off_t left = status.st_size;
    while (left > 0) {
        const ssize_t sent = ::sendfile(copy.get(), binary.get(), nullptr, static_cast<std::size_t>(left));
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return last_system_failure("copy the runtime into memory");
        left -= sent;
    }
    if (::fcntl(copy.get(), F_ADD_SEALS, all_seals) != 0)
        return last_system_failure("seal the runtime's copy");
    return copy;
}

}  // namespace

Result<void> run_from_sealed_copy(char* const* arguments, char* const* environment) {
    const Fd self = TRY(oci::open_file("/proc/self/exe", O_RDONLY));
    if (is_sealed(self)) {
        ::prctl(PR_SET_NAME, "ocirun", 0, 0, 0);
        return {};
    }
    const Fd copy = TRY(sealed_copy(self));
    ::syscall(SYS_execveat, copy.get(), "", arguments, environment, AT_EMPTY_PATH);
    return last_system_failure("execute the runtime's sealed copy");
}

}  // namespace ocirun
