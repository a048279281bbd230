#pragma once
// Changing directories safely: atomic replacement of a file and removal of whole trees.

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace oci {

/// Whether a replaced file must survive a power cut (fsync of file and directory), or only has to
/// be seen whole by other processes. A tmpfs such as /run needs the second only.
enum class Durability { synced, atomic_only };

/// Writes `data` to a temporary file in the same directory, then renames it over `name`: readers see
/// the old content or the new one, never a part. On error nothing is left behind.
Result<void> replace_file(BorrowedFd directory, const std::string& name, std::string_view data, mode_t mode,
                          Durability durability);

/// Removes `name` and everything below it, of any depth, never following a link and never crossing
/// into another directory that is moved in meanwhile. A name that is already gone is not an error.
Result<void> remove_tree(BorrowedFd directory, const std::string& name);

}  // namespace oci
