#pragma once
// Mounts with a path, for as long as a step runs. They exist in the build's own mount namespace only.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg::build {

/// Something mounted at a path, taken away when dropped: before the directory around it is removed, since
/// removing it with the mount in place would remove what is mounted.
class AttachedMount {
public:
    explicit AttachedMount(std::string path) : path_(std::move(path)) {}
    ~AttachedMount();
    AttachedMount(AttachedMount&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
    AttachedMount& operator=(AttachedMount&&) = delete;
    AttachedMount(const AttachedMount&) = delete;
    AttachedMount& operator=(const AttachedMount&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Attaches a detached mount to a directory or file that exists.
oci::Result<AttachedMount> attach_at(oci::BorrowedFd mount, const std::string& path);
/// Shows an open file or directory (not of a detached mount) at a path too.
oci::Result<AttachedMount> bind_at(oci::BorrowedFd file, const std::string& path);
/// A tmpfs for files that must not reach a disk (0700).
oci::Result<AttachedMount> tmpfs_at(const std::string& path);

}  // namespace ocimg::build
