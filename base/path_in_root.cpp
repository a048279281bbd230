#include "base/path_in_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <optional>
#include <vector>

#include <linux/openat2.h>

#include "base/file.hpp"
#include "base/path_walk.hpp"
#include "base/text.hpp"

namespace oci {

namespace {

/// How long a lookup is repeated while other processes keep renaming what it walks through (EAGAIN).
constexpr std::chrono::milliseconds race_patience{200};

Result<Fd> open_by_kernel(BorrowedFd root, const std::string& path, int flags, mode_t mode,
                          const Lookup& lookup) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC);
    if (!lookup.follow_last) how.flags |= O_NOFOLLOW;
    if ((flags & O_CREAT) != 0) how.mode = mode;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    if (lookup.no_symlinks) how.resolve |= RESOLVE_NO_SYMLINKS;
    if (lookup.no_crossing) how.resolve |= RESOLVE_NO_XDEV;
    const auto give_up = std::chrono::steady_clock::now() + race_patience;
    for (;;) {
        const long number = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
        if (number >= 0) return Fd(static_cast<int>(number));
        const bool raced = errno == EAGAIN && std::chrono::steady_clock::now() < give_up;
        if (errno != EINTR && !raced) return last_system_failure("open " + path);
    }
}

bool probe_openat2() {
    const char* forbidden = ::secure_getenv("OCI_TEST_NO_OPENAT2");
    if (forbidden != nullptr && *forbidden == '1') return false;
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    const Fd probe(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how)));
    return probe.is_open();
}

/// The names of a path, "." and empty ones dropped.
std::vector<std::string> components(std::string_view path) {
    std::vector<std::string> names;
    for (std::string& part : split(path, '/')) {
        if (!part.empty() && part != ".") names.push_back(std::move(part));
    }
    return names;
}

Result<Fd> enter_or_make(BorrowedFd root, const std::string& so_far, BorrowedFd parent,
                         const std::string& name, mode_t mode) {
    auto found = open_in_root(root, so_far, O_PATH | O_DIRECTORY);
    if (found || found.error().system_errno != ENOENT) return found;
    if (::mkdirat(parent.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
        return last_system_failure("mkdir " + so_far);
    }
    // Looked up from the root again: a name that a racing process turned into a link stays inside too.
    return open_in_root(root, so_far, O_PATH | O_DIRECTORY);
}

/// As many links as the kernel follows in one lookup.
constexpr int most_links = 40;

/// Where the path `directory`/`name` leads to when `name`, an entry of `parent`, is a link; nothing
/// otherwise.
std::optional<std::string> path_through_link(BorrowedFd parent, const std::string& directory,
                                             const std::string& name) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlinkat(parent.get(), name.c_str(), target.data(), target.size());
    if (length <= 0 || static_cast<std::size_t>(length) == target.size()) return std::nullopt;
    target.resize(static_cast<std::size_t>(length));
    return target.front() == '/' ? target : directory + "/" + target;
}

/// A link that leads nowhere, inside the root, is made whole: what it leads to is made.
Result<Fd> make_directories(BorrowedFd root, std::string_view path, mode_t mode, int links) {
    if (auto there = open_in_root(root, path, O_PATH | O_DIRECTORY)) return there;
    Fd current = TRY(open_in_root(root, ".", O_PATH | O_DIRECTORY));
    const std::vector<std::string> names = components(path);
    std::string directory;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string so_far = directory + "/" + names[i];
        auto entered = enter_or_make(root, so_far, current, names[i], mode);
        if (!entered && entered.error().system_errno == ENOENT && links < most_links) {
            if (auto next = path_through_link(current, directory, names[i])) {
                for (std::size_t k = i + 1; k < names.size(); ++k) *next += "/" + names[k];
                return make_directories(root, *next, mode, links + 1);
            }
        }
        current = TRY(std::move(entered));
        directory = so_far;
    }
    return current;
}

Result<Fd> make_file(BorrowedFd root, std::string_view path, mode_t directory_mode, mode_t file_mode,
                     int links) {
    auto found = open_in_root(root, path, O_PATH);
    if (found || found.error().system_errno != ENOENT) return found;
    std::string last;
    const Fd parent = TRY(open_parent_in_root(root, path, directory_mode, last));
    const Fd created(::openat(parent.get(), last.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode));
    if (!created.is_open() && errno != EEXIST) return last_system_failure("create " + std::string(path));
    auto made = open_in_root(root, path, O_PATH);
    if (made || made.error().system_errno != ENOENT || links == most_links) return made;
    const auto next = path_through_link(parent, std::string(path.substr(0, path.rfind(last))), last);
    return next ? make_file(root, *next, directory_mode, file_mode, links + 1) : std::move(made);
}

}  // namespace

bool uses_openat2() {
    static const bool available = probe_openat2();
    return available;
}

Result<Fd> open_in_root(BorrowedFd root, std::string_view path, int flags, mode_t mode,
                        const Lookup& lookup) {
    std::string text(path.empty() ? std::string_view(".") : path);
    if (text.find('\0') != std::string::npos) return failure(ErrorCode::invalid, "path with a NUL byte");
    if (uses_openat2()) return open_by_kernel(root, text, flags, mode, lookup);
    return walk_in_root(root, text, flags, mode, lookup).in(text);
}

Result<Fd> make_directories_in_root(BorrowedFd root, std::string_view path, mode_t mode) {
    return make_directories(root, path, mode, 0);
}

Result<Fd> open_parent_in_root(BorrowedFd root, std::string_view path, mode_t mode, std::string& last) {
    std::vector<std::string> names = components(path);
    if (names.empty() || names.back() == "..") {
        return failure(ErrorCode::invalid, "path " + quote(path) + " names no file");
    }
    last = std::move(names.back());
    names.pop_back();
    return make_directories_in_root(root, join(names, "/"), mode);
}

Result<Fd> make_file_in_root(BorrowedFd root, std::string_view path, mode_t directory_mode,
                             mode_t file_mode) {
    return make_file(root, path, directory_mode, file_mode, 0);
}

}  // namespace oci
