#pragma once
// A file system that is mounted nowhere yet. Runs in init, and in what changes a running container's mounts.

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/init/init_request.hpp"

namespace ocirun {

/// The file system of a planned mount as a detached mount, with the planned attributes and id map (`index` is
/// that of the mount in the plan). `data` holds the options for the file system.
oci::Result<oci::Fd> make_filesystem(const InitRequest& request, std::size_t index, const PlannedMount& mount,
                                     const std::string& data);

}  // namespace ocirun
