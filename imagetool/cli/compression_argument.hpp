#pragma once
// --compression of the commands that write layers, and --progress of those that take long.

#include <memory>

#include "base/command_line.hpp"
#include "base/result.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/stream/compression.hpp"

namespace ocimg {

/// --compression gzip|zstd|none
oci::cli::Option compression_option();
oci::Result<Compression> compression_argument(const oci::cli::Values& values);

/// --progress auto|bars|lines|json|none
oci::cli::Option progress_option();
/// Where a command reports to: standard error.
oci::Result<std::unique_ptr<Progress>> open_progress(const oci::cli::Values& values);

}  // namespace ocimg
