#pragma once
// Paths inside an untrusted tree: every lookup stays below a root fd, whatever links the tree holds.
// openat2(RESOLVE_IN_ROOT) where the kernel has it, a walk by components where it has not.

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace oci {

/// What a lookup may pass through.
struct Lookup {
    bool follow_last = true;   // resolve a final symbolic link (inside the root)
    bool no_symlinks = false;  // any symbolic link on the way is an error (ELOOP)
    bool no_crossing = false;  // any mount point on the way is an error (EXDEV)
};

/// Opens `path` as if `root` were "/": links, ".." and absolute targets stay inside. Magic links of
/// procfs are never followed. `flags` are those of open(2); O_CLOEXEC is added. O_CREAT creates a
/// final component that is missing.
Result<Fd> open_in_root(BorrowedFd root, std::string_view path, int flags, mode_t mode = 0,
                        const Lookup& lookup = {});

/// Creates `path` and its missing parents as directories below `root` and returns it opened with
/// O_PATH. Existing components, links to directories included, are used as they are; where a link leads to
/// nothing, what it leads to (inside the root) is made.
Result<Fd> make_directories_in_root(BorrowedFd root, std::string_view path, mode_t mode);

/// Opens the directory that holds the last component of `path` (O_PATH), creating missing parents,
/// and sets `last` to that component. A path that ends in ".." or is empty is an error.
Result<Fd> open_parent_in_root(BorrowedFd root, std::string_view path, mode_t mode, std::string& last);

/// Makes an empty regular file at `path`, with missing parents, unless something is there already,
/// and returns it opened with O_PATH (a final link resolved inside the root, made whole if it leads nowhere).
Result<Fd> make_file_in_root(BorrowedFd root, std::string_view path, mode_t directory_mode, mode_t file_mode);

/// Whether the kernel's openat2 is used. False when it is missing or switched off for tests with
/// OCI_TEST_NO_OPENAT2=1 in the environment.
bool uses_openat2();

}  // namespace oci
