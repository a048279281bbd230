#include "runtime/init/trusted_proc.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

Result<void> check_procfs(BorrowedFd file) {
    struct statfs status {};
    if (::fstatfs(file.get(), &status) != 0) return oci::last_system_failure("fstatfs");
    if (status.f_type != PROC_SUPER_MAGIC) return oci::failure("is not on a proc file system");
    return {};
}

}  // namespace

Result<Fd> open_trusted_proc() {
    Fd proc = TRY(oci::open_file("/proc", O_PATH | O_DIRECTORY));
    TRY(check_procfs(proc).in("/proc"));
    return proc;
}

Result<int> own_pid(BorrowedFd proc) {
    std::array<char, 32> target{};
    const ssize_t length = ::readlinkat(proc.get(), "self", target.data(), target.size());
    if (length <= 0) return oci::last_system_failure("readlink /proc/self");
    const auto pid =
        oci::parse_integer<int>(std::string_view(target.data(), static_cast<std::size_t>(length)));
    if (!pid) return oci::failure("/proc/self is not a number");
    return *pid;
}

Result<Fd> open_proc(BorrowedFd proc, const std::string& path, int flags) {
    std::string direct = path;
    if (direct.starts_with("self/")) direct = std::to_string(TRY(own_pid(proc))) + direct.substr(4);
    Fd file = TRY(oci::open_in_root(proc, direct, flags, 0,
                                    {.follow_last = false, .no_symlinks = true, .no_crossing = true}));
    TRY(check_procfs(file));
    return file;
}

Result<void> write_proc(BorrowedFd proc, const std::string& path, std::string_view value) {
    const Fd file = TRY(open_proc(proc, path, O_WRONLY).in("/proc/" + path));
    return oci::write_all(file, value).in("/proc/" + path + " (value " + oci::quote(value) + ")");
}

}  // namespace ocirun
