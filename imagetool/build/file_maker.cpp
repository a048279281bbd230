#include "imagetool/build/file_maker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

/// Removes what stands at a place. A directory there is an error.
Result<void> make_room(const PlaceInDirectory& place) {
    if (::unlinkat(place.directory.get(), place.name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno == EISDIR || errno == EPERM)
        return oci::failure(oci::ErrorCode::invalid,
                            "a file cannot take the place of the directory " + oci::quote(place.name));
    return oci::last_system_failure("replace " + oci::quote(place.name));
}

Result<Fd> make_file(const PlaceInDirectory& place) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    auto made = oci::open_at(place.directory, place.name, flags, 0600);
    if (made || made.error().code != oci::ErrorCode::exists) return made;
    TRY(make_room(place));
    return oci::open_at(place.directory, place.name, flags, 0600);
}

Result<void> copy_by_reading(BorrowedFd from, BorrowedFd to) {
    std::vector<char> buffer(256U << 10U);
    for (;;) {
        const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return oci::last_system_failure("read");
        if (count == 0) return {};
        TRY(oci::write_all(to, std::string_view(buffer.data(), static_cast<std::size_t>(count))));
    }
}

/// In the kernel where it can, which shares blocks on file systems that know how.
Result<void> copy_content(BorrowedFd from, BorrowedFd to) {
    for (;;) {
        const ssize_t count =
            ::copy_file_range(from.get(), nullptr, to.get(), nullptr, std::size_t{1} << 30U, 0);
        if (count > 0) continue;
        if (count == 0) return copy_by_reading(from, to);  // the end, or a file that only read(2) can read
        if (errno == EINTR) continue;
        return copy_by_reading(from, to);
    }
}

Result<void> copy_xattrs(const XattrTarget& from, const XattrTarget& to) {
    for (const auto& [name, value] : TRY(from.read())) {
        const auto set = to.set(name, value);
        if (set || set.error().system_errno == ENOTSUP || set.error().system_errno == EPERM) continue;
        return set.error();
    }
    return {};
}

}  // namespace

Owner FileMaker::owner_for(const struct stat& status) const {
    return attributes_.owner.value_or(Owner{status.st_uid, status.st_gid});
}

mode_t FileMaker::mode_for(const struct stat& status) const {
    const mode_t mode = status.st_mode & 07777U;
    if (!attributes_.mode.has_value()) return mode;
    return attributes_.mode->apply(mode, S_ISDIR(status.st_mode));
}

Result<bool> FileMaker::made_as_hard_link(const struct stat& status, const PlaceInDirectory& place) {
    const auto known = copies_.find({status.st_dev, status.st_ino});
    if (known == copies_.end()) return false;
    TRY(make_room(place));
    const std::string copy = "/proc/self/fd/" + std::to_string(known->second.get());
    if (::linkat(AT_FDCWD, copy.c_str(), place.directory.get(), place.name.c_str(), AT_SYMLINK_FOLLOW) == 0)
        return true;
    copies_.erase(known);  // it was replaced meanwhile: this name starts anew
    return false;
}

Result<void> FileMaker::copy_file(BorrowedFd content, const struct stat& status,
                                  const PlaceInDirectory& place) {
    const bool many_names = status.st_nlink > 1;
    if (many_names && TRY(made_as_hard_link(status, place))) return {};
    Fd copy = TRY(make_file(place));
    TRY(copy_content(content, copy));
    const Owner owner = owner_for(status);
    if (::fchown(copy.get(), owner.uid, owner.gid) != 0) return oci::last_system_failure("change owner");
    TRY(copy_xattrs(XattrTarget(content), XattrTarget(BorrowedFd(copy))));
    if (::fchmod(copy.get(), mode_for(status)) != 0) return oci::last_system_failure("change mode");
    const struct timespec times[2] = {time_for(status), time_for(status)};
    if (::futimens(copy.get(), times) != 0) return oci::last_system_failure("set times");
    if (many_names) copies_[{status.st_dev, status.st_ino}] = std::move(copy);
    return {};
}

Result<void> FileMaker::copy_other(const PlaceInDirectory& original, const struct stat& status,
                                   const PlaceInDirectory& place) {
    if (S_ISSOCK(status.st_mode)) return {};
    TRY(make_room(place));
    const int directory = place.directory.get();
    const char* const name = place.name.c_str();
    if (S_ISLNK(status.st_mode)) {
        std::string target(PATH_MAX, '\0');
        const ssize_t size =
            ::readlinkat(original.directory.get(), original.name.c_str(), target.data(), target.size());
        if (size < 0) return oci::last_system_failure("read link");
        target.resize(static_cast<std::size_t>(size));
        if (::symlinkat(target.c_str(), directory, name) != 0) return oci::last_system_failure("make link");
    } else if (::mknodat(directory, name, status.st_mode & S_IFMT, status.st_rdev) != 0) {
        return oci::last_system_failure("make node");
    }
    const Owner owner = owner_for(status);
    if (::fchownat(directory, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0)
        return oci::last_system_failure("change owner");
    if (!S_ISLNK(status.st_mode) && ::fchmodat(directory, name, mode_for(status), 0) != 0)
        return oci::last_system_failure("change mode");
    const struct timespec times[2] = {time_for(status), time_for(status)};
    if (::utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        return oci::last_system_failure("set times");
    return {};
}

Result<void> FileMaker::copy_directory_attributes(BorrowedFd original, const struct stat& status,
                                                  BorrowedFd copy) {
    const Owner owner = owner_for(status);
    if (::fchown(copy.get(), owner.uid, owner.gid) != 0) return oci::last_system_failure("change owner");
    TRY(copy_xattrs(XattrTarget(original), XattrTarget(copy)));
    if (::fchmod(copy.get(), mode_for(status)) != 0) return oci::last_system_failure("change mode");
    return {};
}

}  // namespace ocimg::build
