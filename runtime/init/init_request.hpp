#pragma once
// What the host process hands to a first process before the clone: the plan and open descriptors. Both
// live in the copied memory, nothing is serialised.

#include <map>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "runtime/plan/container_plan.hpp"
#include "runtime/protocol/channel.hpp"

namespace ocirun {

/// Descriptors that the started program keeps beside 0, 1 and 2.
struct PassedDescriptors {
    int count = 0;         // 3 .. 3 + count - 1 stay open over execve
    int listen_count = 0;  // how many of them are LISTEN_FDS
};

/// Things both kinds of first process (init and exec) need.
struct ProcessContext {
    Channel channel;         // this process's end
    oci::Fd proc;            // the host's /proc, verified to be a procfs
    oci::Fd console_socket;  // connected: receives the terminal's master; closed when there is no terminal
    PassedDescriptors passed;
    std::string container_id;
    bool new_keyring = true;
    std::string listener_state;  // JSON for the seccomp agent; empty without a listener
};

/// For the container's init.
struct InitRequest {
    const ContainerPlan* plan = nullptr;
    ProcessContext context;
    std::vector<int> close_first;            // descriptors of the host process that must not live on in init
    bool wait_for_proceed = false;           // the host process has work to do before anything starts
    bool belongs_to_user = false;            // started by an ordinary user, in a user namespace of its own
    oci::Fd start_socket;                    // create: listening, `start` connects to it; else closed
    std::vector<oci::Fd> joined_namespaces;  // one for each of plan->namespaces.joined
    bool host_paths = true;  // the host's paths can be looked up: not from inside a running container
    std::map<std::size_t, oci::Fd> mount_sources;     // index in plan->rootfs.mounts -> detached tree
    std::map<std::size_t, oci::Fd> idmap_namespaces;  // index -> user namespace for an idmapped file system
};

/// For a process that joins a running container.
struct ExecRequest {
    const ProcessPlan* process = nullptr;
    const SeccompPlan* seccomp = nullptr;
    ProcessContext context;
    bool wait_for_proceed = false;
    oci::Fd container_pidfd;             // of the container's init; closed on a kernel without pidfds
    pid_t container_pid = 0;             // its pid in context.proc
    std::uint64_t namespaces = 0;        // CLONE_NEW* to join, the pid namespace left out
    bool user_namespace = false;         // a user namespace is among them
    std::uint64_t last_capability = 40;  // of the kernel
};

}  // namespace ocirun
