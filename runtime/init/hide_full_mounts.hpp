#pragma once
// What --no-pivot would leave behind: the host's procfs and sysfs. Runs in init, in the container's mount
// namespace, before the root is moved.

#include <string>

#include "base/result.hpp"

namespace ocirun {

/// Takes away, or covers with an empty tmpfs, every whole procfs and sysfs outside of `root`. The kernel lets
/// a new user namespace mount a fresh procfs only while none of its mounts hides anything; a host's /proc
/// that stays in the namespace, though out of reach, would be that mount, and the masks of the container
/// void.
oci::Result<void> hide_full_mounts(const std::string& root);

}  // namespace ocirun
