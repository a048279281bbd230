#pragma once
// Keeps the runtime's own binary out of the container's reach (CVE-2019-5736). Runs in the host process,
// before anything of the container exists.

#include "base/result.hpp"

namespace ocirun {

/// When this process does not already run from a place that nobody can write, executes itself from one
/// with the same arguments: a detached overlay without an upper layer, or where that is not possible a
/// sealed copy in memory. /proc/PID/exe of every process that enters a container then leads to a file
/// that stays as it is, whatever capabilities the container has.
oci::Result<void> run_from_sealed_copy(char* const* arguments);

/// Which of the two it became.
bool runs_on_overlay();

}  // namespace ocirun
