#pragma once
// Moving a process into a cgroup. Host process.

#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace ocirun {

/// Writes the pid to cgroup.procs.
oci::Result<void> join_cgroup(const std::string& directory, pid_t pid);

}  // namespace ocirun
