#pragma once
// Keeps the runtime's own binary out of the container's reach (CVE-2019-5736). Runs in the host process,
// before anything of the container exists.

#include "base/result.hpp"

namespace ocirun {

/// When this process does not already run from a sealed copy in memory, makes one and executes it with
/// the same arguments and environment. /proc/PID/exe of every process that enters a container then leads
/// to a file that nobody can write, whatever capabilities the container has.
oci::Result<void> run_from_sealed_copy(char* const* arguments, char* const* environment);

}  // namespace ocirun
