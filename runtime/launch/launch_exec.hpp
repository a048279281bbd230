#pragma once
// Starts a further process in a running container. Runs in the host process.

#include <sys/types.h>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/init/init_request.hpp"
#include "runtime/launch/launch_init.hpp"

namespace ocirun {

struct ExecOptions {
    const ProcessPlan* process = nullptr;
    const SeccompPlan* seccomp = nullptr;
    CgroupManager* cgroup = nullptr;
    pid_t container_pid = 0;  // of the container's init, verified by the caller
    std::string container_id;
    std::string listener_state;
    std::uint64_t last_capability = 40;
    oci::Fd console_socket;
    PassedDescriptors passed;
};

/// Whether the process lives in another user namespace than this one: there every capability can be had.
bool in_other_user_namespace(pid_t pid);

/// Clones a process into the container's pid namespace and cgroup and waits until it has found its
/// program and stands ready for start_launched.
oci::Result<LaunchedInit> launch_exec(ExecOptions& options);

}  // namespace ocirun
