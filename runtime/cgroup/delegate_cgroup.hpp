#pragma once
// Handing a cgroup to the container's user (config-linux.md "Cgroup ownership"). Host process.

#include <cstdint>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun {

/// chown of the directory and of the files that /sys/kernel/cgroup/delegate lists; of the three names
/// of the specification where there is no such list. A listed file that does not exist is skipped.
oci::Result<void> delegate_cgroup(oci::BorrowedFd cgroup, std::uint32_t uid, std::uint32_t gid);

}  // namespace ocirun
