#pragma once
// The table of `ocimg build`, and its options as a request.

#include <string>

#include "base/command_line.hpp"
#include "base/result.hpp"
#include "imagetool/build/build_image.hpp"

namespace ocimg {

oci::cli::Command build_command();

/// Reads every option. Files that hold secrets are read here, before anything runs.
oci::Result<build::BuildRequest> build_request(const oci::cli::Values& values);

}  // namespace ocimg
