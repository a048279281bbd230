#pragma once
// Runs in the container's processes, from the clone to execve. None of these functions returns.

#include "runtime/init/init_request.hpp"

namespace ocirun {

/// The container's first process: sets up everything in the plan, waits for `start`, becomes the program.
/// Failures go home over the channel; the process then ends with status 1.
[[noreturn]] void run_init(InitRequest& request) noexcept;

/// The process that comes before init when namespaces must be joined around a user namespace: joins
/// them, clones init as its own sibling, tells its pid and ends.
[[noreturn]] void run_intermediate(InitRequest& request) noexcept;

/// The process that comes before a further one where only the container's user namespace gives the right to
/// enter its pid namespace: joins both, clones the process as its own sibling, tells its pid and ends.
[[noreturn]] void run_exec_intermediate(ExecRequest& request) noexcept;

/// A further process in a running container.
[[noreturn]] void run_exec(ExecRequest& request) noexcept;

}  // namespace ocirun
