#include "base/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/text.hpp"

namespace oci {

namespace {

/// Calls until the answer is not EINTR.
template <class Call>
auto retried(Call call) {
    auto answer = call();
    while (answer < 0 && errno == EINTR) answer = call();
    return answer;
}

constexpr std::size_t kernel_file_limit = std::size_t{1} << 20U;

}  // namespace

Result<Fd> open_at(BorrowedFd directory, const std::string& path, int flags, mode_t mode) {
    const int number =
        retried([&] { return ::openat(directory.get(), path.c_str(), flags | O_CLOEXEC, mode); });
    if (number < 0) return last_system_failure("open " + path);
    return Fd(number);
}

Result<Fd> open_file(const std::string& path, int flags, mode_t mode) {
    return open_at(current_directory, path, flags, mode);
}

Result<std::string> read_all(BorrowedFd file, std::size_t limit) {
    std::string content;
    struct stat status {};
    if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        content.reserve(std::min(limit, static_cast<std::size_t>(status.st_size)) + 1);
    }
    for (;;) {
        const std::size_t used = content.size();
        const std::size_t room = std::max<std::size_t>(content.capacity() - used, 4096);
        content.resize(used + room);
        const ssize_t got = retried([&] { return ::read(file.get(), content.data() + used, room); });
        if (got < 0) return last_system_failure("read");
        content.resize(used + static_cast<std::size_t>(got));
        if (content.size() > limit) {
            return failure(ErrorCode::invalid,
                           "is larger than the limit of " + std::to_string(limit) + " bytes");
        }
        if (got == 0) return content;
    }
}

Result<std::string> read_file(BorrowedFd directory, const std::string& path, std::size_t limit) {
    const Fd file = TRY(open_at(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    const struct stat status = TRY(status_of(file));
    if (S_ISDIR(status.st_mode)) return system_failure(EISDIR, "read " + path);
    if (!S_ISREG(status.st_mode)) return failure(ErrorCode::invalid, "read " + path + ": not a regular file");
    return read_all(file, limit).in(path);
}

Result<std::string> read_input_file(const std::string& path, std::size_t limit) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISFIFO(status.st_mode))
        return read_file(current_directory, path, limit);
    return read_all(TRY(open_file(path, O_RDONLY | O_NOCTTY)), limit).in(path);
}

Result<std::string> read_kernel_file(const std::string& path) {
    const Fd file = TRY(open_file(path, O_RDONLY));
    return read_all(file, kernel_file_limit).in(path);
}

Result<void> write_all(BorrowedFd file, std::string_view data) {
    while (!data.empty()) {
        const ssize_t put = retried([&] { return ::write(file.get(), data.data(), data.size()); });
        if (put < 0) return last_system_failure("write");
        data.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> write_kernel_file(BorrowedFd directory, const std::string& path, std::string_view data) {
    const Fd file = TRY(open_at(directory, path, O_WRONLY));
    const ssize_t put = retried([&] { return ::write(file.get(), data.data(), data.size()); });
    if (put < 0) return last_system_failure("write " + quote(trim(data)) + " to " + path);
    if (static_cast<std::size_t>(put) != data.size())
        return failure("write to " + path + ": only a part was taken");
    return {};
}

namespace {

/// stat(2) without a library in between: what fakes the clock of a process (libfaketime) shifts the times of
/// files as well, and they would go into images.
int kernel_stat(int directory, const char* path, struct stat& status, int flags) {
    return static_cast<int>(::syscall(SYS_newfstatat, directory, path, &status, flags));
}

}  // namespace

Result<struct stat> status_of(BorrowedFd file) {
    struct stat status {};
    if (kernel_stat(file.get(), "", status, AT_EMPTY_PATH) != 0) return last_system_failure("fstat");
    return status;
}

Result<struct stat> status_at(BorrowedFd directory, const std::string& path) {
    struct stat status {};
    if (kernel_stat(directory.get(), path.c_str(), status, AT_SYMLINK_NOFOLLOW) != 0) {
        return last_system_failure("stat " + path);
    }
    return status;
}

bool exists_at(BorrowedFd directory, const std::string& path) {
    struct stat status {};
    return ::fstatat(directory.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

Result<void> make_directory(BorrowedFd directory, const std::string& path, mode_t mode) {
    if (::mkdirat(directory.get(), path.c_str(), mode) != 0) return last_system_failure("mkdir " + path);
    return {};
}

Result<void> make_directories(const std::string& path, mode_t mode) {
    std::string so_far;
    for (const std::string& part : split(path, '/')) {
        so_far += part;
        so_far += '/';
        if (part.empty()) continue;
        if (::mkdir(so_far.c_str(), mode) != 0 && errno != EEXIST && errno != EROFS) {
            return last_system_failure("mkdir " + so_far.substr(0, so_far.size() - 1));
        }
    }
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return last_system_failure("mkdir " + path);
    if (!S_ISDIR(status.st_mode)) return system_failure(ENOTDIR, "mkdir " + path);
    return {};
}

Result<void> remove_file(BorrowedFd directory, const std::string& path) {
    if (::unlinkat(directory.get(), path.c_str(), 0) != 0 && errno != ENOENT)
        return last_system_failure("unlink " + path);
    return {};
}

Result<std::vector<std::string>> list_directory(BorrowedFd directory) {
    // A fresh description, so that the caller's read position stays where it is.
    const int number = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (number < 0) return last_system_failure("list directory");
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(number), ::closedir);
    if (stream == nullptr) return last_system_failure("list directory");
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return last_system_failure("list directory");
    return names;
}

Result<Fd> duplicate(BorrowedFd file) {
    const int number = ::fcntl(file.get(), F_DUPFD_CLOEXEC, 3);
    if (number < 0) return last_system_failure("duplicate descriptor");
    return Fd(number);
}

Result<void> close_at_execve(int first, BorrowedFd proc) {
    if (::close_range(static_cast<unsigned>(first), ~0U, CLOSE_RANGE_CLOEXEC) == 0) return {};
    // Kernels from 5.9 on know the call but not the flag.
    if (errno != ENOSYS && errno != EINVAL) return last_system_failure("close_range");
    const Fd listed = TRY(open_at(proc, "self/fd", O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(list_directory(listed))) {
        const auto number = parse_integer<int>(name);
        if (!number || *number < first) continue;
        // The listing's own descriptor is gone by now.
        if (::fcntl(*number, F_SETFD, FD_CLOEXEC) != 0 && errno != EBADF)
            return last_system_failure("descriptor " + name);
    }
    return {};
}

Result<std::string> path_of(BorrowedFd file) {
    std::array<char, PATH_MAX> buffer{};
    const std::string link = "/proc/self/fd/" + std::to_string(file.get());
    const ssize_t length = ::readlink(link.c_str(), buffer.data(), buffer.size());
    if (length < 0) return last_system_failure("readlink " + link);
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

Result<std::string> absolute_path(const std::string& path) {
    if (!path.empty() && path.front() == '/') return clean_path(path);
    std::array<char, PATH_MAX> buffer{};
    if (::getcwd(buffer.data(), buffer.size()) == nullptr) return last_system_failure("current directory");
    return clean_path(std::string(buffer.data()) + "/" + path);
}

std::string clean_path(std::string_view path) {
    const bool absolute = !path.empty() && path.front() == '/';
    std::vector<std::string> kept;
    for (std::string& part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        const bool up = part == "..";
        if (up && !kept.empty() && kept.back() != "..") {
            kept.pop_back();
        } else if (!up || !absolute) {
            kept.push_back(std::move(part));
        }
    }
    const std::string joined = join(kept, "/");
    if (absolute) return "/" + joined;
    return joined.empty() ? "." : joined;
}

}  // namespace oci
