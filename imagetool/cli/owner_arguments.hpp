#pragma once
// --rootless, --uid-map and --gid-map of the commands that unpack.

#include <vector>

#include "base/command_line.hpp"
#include "base/result.hpp"
#include "imagetool/bundle/bundle_owners.hpp"

namespace ocimg {

std::vector<oci::cli::Option> owner_options();

oci::Result<OwnerRequest> owner_request(const oci::cli::Values& values);

}  // namespace ocimg
