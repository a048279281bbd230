#pragma once
// ADD of a local archive: whether a file is one, told by its content, and unpacking it.

#include <optional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/file_maker.hpp"

namespace ocimg::build {

/// Whether the file is a tar archive, plain or compressed. It is read from its start and left there.
oci::Result<bool> is_archive(oci::BorrowedFd file);

/// Unpacks into a directory. Names and links of the archive stay below it. `owner` replaces the archive's.
oci::Result<void> unpack_archive(oci::BorrowedFd file, oci::BorrowedFd directory,
                                 const std::optional<Owner>& owner);

}  // namespace ocimg::build
