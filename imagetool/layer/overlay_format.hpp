#pragma once
// How the kernel's overlay file system writes deletions into a directory of its own (Linux
// Documentation/filesystems/overlayfs.rst "whiteouts and opaque directories"), and back.

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg {

/// Where the marks of an overlay stand: trusted.overlay.* (needs CAP_SYS_ADMIN on the host), or
/// user.overlay.* for mounts with the option userxattr (inside a user namespace).
enum class OverlayAttributes { trusted, user };

/// "trusted.overlay." or "user.overlay.".
std::string_view overlay_prefix(OverlayAttributes attributes);

/// The kind of attributes that this process may use: trusted with CAP_SYS_ADMIN in the first user
/// namespace, else user.
OverlayAttributes usable_overlay_attributes();

/// Whether a file is the overlay's mark of a deleted name: character device 0:0.
bool is_overlay_whiteout(const struct stat& status);

/// Makes such a mark. Any user may, since Linux 5.8.
oci::Result<void> make_overlay_whiteout(oci::BorrowedFd directory, const std::string& name);

/// Marks a directory as hiding all that lower layers have at its place.
oci::Result<void> mark_opaque(oci::BorrowedFd directory, OverlayAttributes attributes);

/// Whether a directory is marked so, by either kind of attribute that this process can read.
oci::Result<bool> is_opaque(oci::BorrowedFd directory);

/// What an attribute of a file in an overlay's upper directory means to a reader of the mount.
struct OverlayAttributeMeaning {
    bool is_mark = false;  // belongs to the overlay itself: no reader sees it
    std::string name;      // the name that readers see; escapes are undone
};
OverlayAttributeMeaning overlay_meaning_of(std::string_view name);

}  // namespace ocimg
