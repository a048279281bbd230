#pragma once
// The program to execute, looked up before `ready` so that "not found" is an error of create. Runs in
// init and exec processes, inside the container.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/process_plan.hpp"

namespace ocirun {

/// The path of process.args[0]: as it is when it holds a slash, else searched in the PATH of the
/// process's environment. Errors begin as runc's: `exec: "x": executable file not found in $PATH`.
oci::Result<std::string> find_executable(const ProcessPlan& process);

/// The environment with LISTEN_FDS for passed sockets, and HOME added from the container's /etc/passwd when
/// it is unset or empty.
std::vector<std::string> complete_environment(const ProcessPlan& process, int listen_count);

}  // namespace ocirun
