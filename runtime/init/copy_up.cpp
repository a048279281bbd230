#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.hpp"
#include "runtime/init/perform_mounts.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr int deepest_copy = 64;

Result<void> copy_tree(BorrowedFd from, BorrowedFd to, int depth);

Result<void> set_owner_and_mode(BorrowedFd to, const std::string& name, const struct stat& status) {
    if (::fchownat(to.get(), name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return oci::last_system_failure("chown " + name);
    }
    if (!S_ISLNK(status.st_mode) && ::fchmodat(to.get(), name.c_str(), status.st_mode & 07777U, 0) != 0) {
        return oci::last_system_failure("chmod " + name);
    }
    return {};
}

Result<void> copy_content(BorrowedFd from, BorrowedFd to, const std::string& name) {
    const Fd source = TRY(oci::open_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    const Fd target = TRY(oci::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    for (;;) {
        const ssize_t sent = ::sendfile(target.get(), source.get(), nullptr, std::size_t{1} << 30U);
        if (sent == 0) return {};
        if (sent < 0 && errno != EINTR) return oci::last_system_failure("copy " + name);
    }
}

Result<void> copy_link(BorrowedFd from, BorrowedFd to, const std::string& name) {
    std::array<char, 4096> target{};
    const ssize_t length = ::readlinkat(from.get(), name.c_str(), target.data(), target.size() - 1);
    if (length < 0) return oci::last_system_failure("readlink " + name);
    if (::symlinkat(target.data(), to.get(), name.c_str()) != 0)
        return oci::last_system_failure("symlink " + name);
    return {};
}

Result<void> copy_entry(BorrowedFd from, BorrowedFd to, const std::string& name, int depth) {
    const struct stat status = TRY(oci::status_at(from, name));
    if (S_ISDIR(status.st_mode)) {
        TRY(oci::make_directory(to, name, 0700));
        const Fd source = TRY(oci::open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        const Fd target = TRY(oci::open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        TRY(copy_tree(source, target, depth + 1));
    } else if (S_ISREG(status.st_mode)) {
        TRY(copy_content(from, to, name));
    } else if (S_ISLNK(status.st_mode)) {
        TRY(copy_link(from, to, name));
    } else if (::mknodat(to.get(), name.c_str(), status.st_mode, status.st_rdev) != 0) {
        return oci::last_system_failure("mknod " + name);
    }
    return set_owner_and_mode(to, name, status);
}

Result<void> copy_tree(BorrowedFd from, BorrowedFd to, int depth) {
    if (depth > deepest_copy)
        return oci::failure("the tree is deeper than " + std::to_string(deepest_copy) + " directories");
    for (const std::string& name : TRY(oci::list_directory(from))) TRY(copy_entry(from, to, name, depth));
    return {};
}

}  // namespace

Result<void> copy_up(BorrowedFd from, BorrowedFd to) {
    return copy_tree(from, to, 0);
}

}  // namespace ocirun
