#include "runtime/launch/self_protection.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::failure;
using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr unsigned memfd_executable = 0x10;  // MFD_EXEC, known to kernels since 6.3
constexpr long overlayfs_magic = 0x794c7630;
/// Names the overlay that this process was executed from, for the second start to recognise.
constexpr const char* marker = "_OCIRUN_SEALED_DEVICE";

std::string device_text(const struct stat& status) {
    return std::to_string(status.st_dev);
}

bool is_sealed(oci::BorrowedFd file) {
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    if (seals >= 0 && (seals & all_seals) == all_seals) return true;
    const char* device = std::getenv(marker);
    struct stat status {};
    struct statfs filesystem {};
    if (device == nullptr || ::fstat(file.get(), &status) != 0 || ::fstatfs(file.get(), &filesystem) != 0)
        return false;
    return filesystem.f_type == overlayfs_magic && (filesystem.f_flags & ST_RDONLY) != 0 &&
           device_text(status) == device;
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

/// An overlay needs two lower directories, neither inside the other: any one beside the binary's will do.
std::string second_directory(const std::string& first) {
    for (const char* candidate : {"/usr/share", "/etc", "/var"}) {
        const std::string path = std::string(candidate) + "/";
        const bool apart = !path.starts_with(first + "/") && !(first + "/").starts_with(path);
        if (apart && first != "/" && ::access(candidate, X_OK) == 0) return candidate;
    }
    return {};
}

/// The binary on a detached overlay that has no upper layer: there is nothing to write to, and no mount in
/// any namespace that could be made writable. No byte is copied.
Result<Fd> open_on_overlay() {
    const std::string path = TRY(oci::path_of(TRY(oci::open_file("/proc/self/exe", O_PATH))));
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos || slash == 0) return failure("no directory");
    const std::string directory = path.substr(0, slash);
    const std::string other = second_directory(directory);
    if (other.empty() || directory.find_first_of(":,\\") != std::string::npos)
        return failure("no second directory");
    const Fd context = TRY(kernel::open_filesystem("overlay"));
    TRY(kernel::set_option(context, "source", "ocirun"));
    TRY(kernel::set_option(context, "lowerdir", (directory + ":" + other).c_str()));
    const Fd mount = TRY(kernel::create_mount(context, MOUNT_ATTR_RDONLY));
    Fd binary = TRY(oci::open_at(mount, path.substr(slash + 1), O_RDONLY | O_NOFOLLOW));
    const struct stat status = TRY(oci::status_of(binary));
    struct statfs filesystem {};
    if (::fstatfs(binary.get(), &filesystem) != 0) return last_system_failure("fstatfs");
    if (filesystem.f_type != overlayfs_magic || (filesystem.f_flags & ST_RDONLY) == 0)
        return failure("not a read-only overlay");
    if (::setenv(marker, device_text(status).c_str(), 1) != 0) return last_system_failure("setenv");
    return binary;
}

}  // namespace

Result<void> run_from_sealed_copy(char* const* arguments) {
    const Fd self = TRY(oci::open_file("/proc/self/exe", O_RDONLY));
    if (is_sealed(self)) {
        ::prctl(PR_SET_NAME, "ocirun", 0, 0, 0);
        ::unsetenv(marker);
        return {};
    }
    ::unsetenv(marker);
    if (const auto on_overlay = open_on_overlay()) {
        ::syscall(SYS_execveat, on_overlay->get(), "", arguments, environ, AT_EMPTY_PATH);
        ::unsetenv(marker);
    }
    const Fd copy = TRY(sealed_copy(self));
    ::syscall(SYS_execveat, copy.get(), "", arguments, environ, AT_EMPTY_PATH);
    return last_system_failure("execute the runtime's sealed copy");
}

bool runs_on_overlay() {
    struct statfs filesystem {};
    return ::statfs("/proc/self/exe", &filesystem) == 0 && filesystem.f_type == overlayfs_magic;
}

}  // namespace ocirun
