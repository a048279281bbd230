#pragma once
// Nameless files for content that has no place of its own.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg {

/// In TMPDIR, else /var/tmp; gone when it is closed.
oci::Result<oci::Fd> open_temporary_file();

/// The directory that holds temporary files: TMPDIR, else /var/tmp.
std::string temporary_directory();

}  // namespace ocimg
