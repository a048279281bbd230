#include "base/file_replace.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "base/file.hpp"

namespace oci {

namespace {

std::string temporary_name(const std::string& name) {
    std::uint64_t salt = 0;
    if (::getrandom(&salt, sizeof salt, 0) != static_cast<ssize_t>(sizeof salt))
        salt = static_cast<std::uint64_t>(::getpid());
    return "." + name + "." + std::to_string(salt);
}

Result<void> write_temporary(BorrowedFd directory, const std::string& name, std::string_view data,
                             mode_t mode, Durability durability) {
    const Fd file = TRY(open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    TRY(write_all(file, data));
    if (durability == Durability::synced && ::fsync(file.get()) != 0) return last_system_failure("fsync");
    return {};
}

/// One directory on the way down: its descriptor, the name it had in its parent, and what is left to do.
struct OpenDirectory {
    Fd fd;
    std::string name;
    std::vector<std::string> entries;
};

Result<OpenDirectory> enter(BorrowedFd parent, const std::string& name) {
    OpenDirectory opened;
    opened.name = name;
    opened.fd = TRY(open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    opened.entries = TRY(list_directory(opened.fd));
    return opened;
}

/// Removes a non-directory, or an empty directory; says false when it is a directory with content.
Result<bool> removed_at_once(BorrowedFd parent, const std::string& name) {
    if (::unlinkat(parent.get(), name.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) return last_system_failure("remove " + name);
    if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) return last_system_failure("remove " + name);
    return false;
}

}  // namespace

Result<void> replace_file(BorrowedFd directory, const std::string& name, std::string_view data, mode_t mode,
                          Durability durability) {
    const std::string temporary = temporary_name(name);
    if (auto written = write_temporary(directory, temporary, data, mode, durability); !written) {
        ::unlinkat(directory.get(), temporary.c_str(), 0);
        return written.error().in("write " + name);
    }
    if (::renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) != 0) {
        const Error error = last_system_failure("rename to " + name);
        ::unlinkat(directory.get(), temporary.c_str(), 0);
        return error;
    }
    if (durability == Durability::synced) {
        const Fd readable = TRY(open_at(directory, ".", O_RDONLY | O_DIRECTORY));
        if (::fsync(readable.get()) != 0) return last_system_failure("fsync directory of " + name);
    }
    return {};
}

Result<void> remove_tree(BorrowedFd directory, const std::string& name) {
    if (TRY(removed_at_once(directory, name))) return {};
    // An explicit stack of open directories: depth is bounded by descriptors, not by the C stack, and a
    // directory that is moved away meanwhile is still emptied where it is, never followed elsewhere.
    std::vector<OpenDirectory> stack;
    stack.push_back(TRY(enter(directory, name)));
    while (!stack.empty()) {
        OpenDirectory& top = stack.back();
        if (top.entries.empty()) {
            const std::string finished = top.name;
            stack.pop_back();
            const BorrowedFd parent = stack.empty() ? directory : stack.back().fd.borrow();
            if (!TRY(removed_at_once(parent, finished))) stack.push_back(TRY(enter(parent, finished)));
            continue;
        }
        const std::string entry = std::move(top.entries.back());
        top.entries.pop_back();
        if (!TRY(removed_at_once(top.fd, entry))) stack.push_back(TRY(enter(top.fd, entry)));
    }
    return {};
}

}  // namespace oci
