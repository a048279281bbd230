#include "imagetool/layer/copy_up.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "base/file.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg {
namespace {

std::string path_of_descriptor(oci::BorrowedFd file) {
    return "/proc/self/fd/" + std::to_string(file.get());
}

oci::Result<void> set_xattrs(const XattrTarget& target, const std::map<std::string, std::string>& xattrs) {
    for (const auto& [name, value] : xattrs) TRY(target.set(name, value));
    return {};
}

oci::Result<void> copy_content(oci::BorrowedFd source, oci::BorrowedFd target, off_t size) {
    off_t done = 0;
    while (done < size) {
        const ssize_t count = ::copy_file_range(source.get(), nullptr, target.get(), nullptr,
                                                static_cast<std::size_t>(size - done), 0);
        if (count > 0) {
            done += count;
            continue;
        }
        if (count == 0) return oci::failure("the file shrank while it was copied");
        if (errno == EINTR) continue;
        if (done == 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) break;
        return oci::last_system_failure("copy");
    }
    std::array<char, 65536> buffer{};
    while (done < size) {
        const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return oci::last_system_failure("read");
        if (count == 0) return oci::failure("the file shrank while it was copied");
        TRY(oci::write_all(target, {buffer.data(), static_cast<std::size_t>(count)}));
        done += count;
    }
    return {};
}

oci::Result<void> copy_regular(const LowerFile& source, const struct stat& status, oci::BorrowedFd directory,
                               const std::string& name) {
    const oci::Fd from = TRY(oci::open_file(path_of_descriptor(source.place), O_RDONLY));
    const oci::Fd to =
        TRY(oci::open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, status.st_mode & 0777U));
    TRY(copy_content(from, to, status.st_size));
    if (::fchown(to.get(), status.st_uid, status.st_gid) != 0)
        return oci::last_system_failure("change owner");
    if (::fchmod(to.get(), status.st_mode & 07777U) != 0) return oci::last_system_failure("change mode");
    const XattrTarget attributes(to);
    TRY(attributes.clear());
    TRY(set_xattrs(attributes, TRY(XattrTarget(from).read())));
    const struct timespec times[2] = {{0, UTIME_OMIT}, status.st_mtim};
    if (::futimens(to.get(), times) != 0) return oci::last_system_failure("set time");
    return {};
}

oci::Result<void> make_link_or_node(const LowerFile& source, const struct stat& status,
                                    oci::BorrowedFd directory, const std::string& name) {
    if (S_ISLNK(status.st_mode)) {
        const std::string target = TRY(link_target_of(source));
        if (::symlinkat(target.c_str(), directory.get(), name.c_str()) != 0)
            return oci::last_system_failure("make symbolic link");
    } else if (::mknodat(directory.get(), name.c_str(), status.st_mode, status.st_rdev) != 0) {
        return oci::last_system_failure("make device node or fifo");
    }
    if (::fchownat(directory.get(), name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
        return oci::last_system_failure("change owner");
    const oci::Fd made = TRY(oci::open_at(directory, name, O_PATH | O_NOFOLLOW));
    if (!S_ISLNK(status.st_mode) && ::chmod(path_of_descriptor(made).c_str(), status.st_mode & 07777U) != 0)
        return oci::last_system_failure("change mode");
    const struct timespec times[2] = {{0, UTIME_OMIT}, status.st_mtim};
    if (::utimensat(directory.get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
        return oci::last_system_failure("set time");
    return {};
}

}  // namespace

oci::Result<void> copy_directory_attributes(const LowerFile& source, oci::BorrowedFd target) {
    const struct stat status = TRY(oci::status_of(source.place));
    if (::fchown(target.get(), status.st_uid, status.st_gid) != 0)
        return oci::last_system_failure("change owner");
    if (::fchmod(target.get(), status.st_mode & 07777U) != 0) return oci::last_system_failure("change mode");
    const oci::Fd readable = TRY(oci::open_file(path_of_descriptor(source.place), O_RDONLY | O_DIRECTORY));
    const XattrTarget attributes(target);
    TRY(attributes.clear());
    return set_xattrs(attributes, TRY(XattrTarget(readable).read()));
}

oci::Result<Timestamp> time_of_lower(const LowerFile& source) {
    const struct stat status = TRY(oci::status_of(source.place));
    return Timestamp{status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
}

oci::Result<std::string> link_target_of(const LowerFile& link) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(link.place.get(), "", target.data(), target.size());
    if (size < 0) return oci::last_system_failure("read link");
    target.resize(static_cast<std::size_t>(size));
    return target;
}

oci::Result<void> copy_file_up(const LowerFile& source, oci::BorrowedFd directory, const std::string& name) {
    const struct stat status = TRY(oci::status_of(source.place));
    if (S_ISREG(status.st_mode)) return copy_regular(source, status, directory, name);
    return make_link_or_node(source, status, directory, name);
}

}  // namespace ocimg
