#pragma once
// The fallback of path_in_root for kernels without openat2: one component at a time, never following a
// link by the kernel, with ".." answered from the stack of directories that were walked through.

#include <sys/types.h>

#include <string_view>

#include "base/path_in_root.hpp"

namespace oci {

/// open_in_root by single O_NOFOLLOW steps.
Result<Fd> walk_in_root(BorrowedFd root, std::string_view path, int flags, mode_t mode, const Lookup& lookup);

}  // namespace oci
