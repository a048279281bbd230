#pragma once
// Ending every process of a cgroup where the kernel has no one call for it. Host process.

#include <sys/types.h>

#include <functional>
#include <vector>

#include "base/result.hpp"

namespace ocirun {

struct KillTarget {
    std::function<oci::Result<std::vector<pid_t>>()> list;
    std::function<oci::Result<void>()> freeze;
    std::function<oci::Result<void>()> thaw;  // with all cgroups below, or frozen ones would not die
};

/// SIGKILL to every process: frozen first, so that none can fork in between, then thawed to die. Where
/// freezing fails, kills until no new process shows up.
oci::Result<void> kill_while_frozen(const KillTarget& target);

}  // namespace ocirun
