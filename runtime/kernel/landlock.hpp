#pragma once
// Landlock: what a process and its children may do with files (landlock(7)).

#include <cstdint>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun::kernel {

/// The LANDLOCK_ACCESS_FS_* that this kernel knows; 0 without Landlock.
std::uint64_t known_file_accesses();
/// A ruleset that forbids these accesses.
oci::Result<oci::Fd> create_ruleset(std::uint64_t handled);
/// Allows some of them below an open (O_PATH) file or directory.
oci::Result<void> allow_beneath(oci::BorrowedFd ruleset, oci::BorrowedFd path, std::uint64_t allowed);
/// From now on, for this process and its children. Needs no_new_privs or CAP_SYS_ADMIN. Allocates nothing.
bool restrict_self(oci::BorrowedFd ruleset) noexcept;

}  // namespace ocirun::kernel
