#pragma once
// Where a whole build runs: a child in private mount and pid namespaces, so that nothing of a build (mounts,
// processes) can outlive it, however it ends.

#include <functional>

#include "base/result.hpp"

namespace ocimg::build {

/// Runs `work` in a child process that is process 1 of its own pid namespace, and gives its exit code.
/// When this process dies, the kernel kills the child and with it everything below. Call it before any
/// thread is started.
oci::Result<int> run_in_build_sandbox(const std::function<int()>& work);

}  // namespace ocimg::build
