#pragma once
// Makes copies of files in a root: one kind of file a function. A file at the copy's place gives way; links
// are never followed by the last component.

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/dockerfile/file_mode.hpp"

namespace ocimg::build {

struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

/// What copies are given instead of what their originals have.
struct CopiedAttributes {
    std::optional<Owner> owner;                  // nothing: the original's
    std::optional<dockerfile::ModeChange> mode;  // nothing: the original's
    std::optional<std::int64_t> time;            // of modification, since 1970; nothing: the original's
};

/// A name in an open directory.
struct PlaceInDirectory {
    oci::BorrowedFd directory;
    std::string name;
};

class FileMaker {
public:
    explicit FileMaker(const CopiedAttributes& attributes) : attributes_(attributes) {}

    /// Copies a regular file; `content` stands at its start.
    oci::Result<void> copy_file(oci::BorrowedFd content, const struct stat& status,
                                const PlaceInDirectory& place);
    /// Copies what is neither a regular file nor a directory. Sockets are passed over.
    oci::Result<void> copy_other(const PlaceInDirectory& original, const struct stat& status,
                                 const PlaceInDirectory& place);
    /// Owner, permissions and attributes of a directory (its times are set when it is full).
    oci::Result<void> copy_directory_attributes(oci::BorrowedFd original, const struct stat& status,
                                                oci::BorrowedFd copy);
    /// The time of modification that the copy of a file gets.
    [[nodiscard]] struct timespec time_for(const struct stat& status) const {
        if (!attributes_.time.has_value()) return status.st_mtim;
        return {.tv_sec = *attributes_.time, .tv_nsec = 0};
    }
    /// The owner that new directories on the way get.
    [[nodiscard]] Owner owner_of_new() const { return attributes_.owner.value_or(Owner{}); }

private:
    oci::Result<bool> made_as_hard_link(const struct stat& status, const PlaceInDirectory& place);
    [[nodiscard]] Owner owner_for(const struct stat& status) const;
    [[nodiscard]] mode_t mode_for(const struct stat& status) const;

    const CopiedAttributes& attributes_;
    std::map<std::pair<dev_t, ino_t>, oci::Fd> copies_;  // of files with several names
};

}  // namespace ocimg::build
