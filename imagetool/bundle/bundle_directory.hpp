#pragma once
// The directory of a bundle while ocimg changes it: locked, and with a place where its new content grows.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg {

/// What may be there already.
enum class BundleMode {
    fresh,    // nothing: the directory is made, or is empty
    replace,  // whatever; rootfs and config.json are replaced
    change,   // a bundle that ocimg has unpacked
};

/// A bundle's directory, held by this process alone (flock).
class BundleDirectory {
public:
    static oci::Result<BundleDirectory> open(const std::string& path, BundleMode mode);

    [[nodiscard]] oci::BorrowedFd fd() const { return fd_; }
    /// Whether open() has made it.
    [[nodiscard]] bool was_made() const { return made_; }
    /// As the user named it.
    [[nodiscard]] const std::string& path() const { return path_; }

    /// Makes the directory that the new content grows in, inside the bundle: the same file system, one
    /// rename. What a killed ocimg left there goes away first.
    oci::Result<oci::Fd> make_growing() const;

    /// Moves rootfs, upper, work and the records from that directory to their places; what was there goes
    /// away.
    oci::Result<void> publish(oci::BorrowedFd grown) const;

    /// After a failure: the directory as it was before, as far as that is in anyone's power.
    void take_back() const;

private:
    BundleDirectory(oci::Fd fd, std::string path, BundleMode mode, bool made)
        : fd_(std::move(fd)), path_(std::move(path)), mode_(mode), made_(made) {}

    oci::Fd fd_;
    std::string path_;
    BundleMode mode_;
    bool made_;
};

/// Makes a directory for an image's root: mode 0755 and time 0 whatever the umask, for images need not have
/// an entry for it.
oci::Result<oci::Fd> make_root_directory(oci::BorrowedFd parent, const std::string& name);

}  // namespace ocimg
