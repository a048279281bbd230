#pragma once
// Mounts and devices of a running container: made or taken away from inside its mount namespace. Runs in a
// child of the host process that joins the namespace and nothing else of the container.

#include <string>
#include <vector>

#include "runtime/init/init_request.hpp"

namespace ocirun {

struct RootfsChange {
    InitRequest init;          // the plan's mounts and devices, opened sources, the channel, the host's /proc
    oci::Fd container_pidfd;   // of the container's init; closed on a kernel without pidfds
    pid_t container_pid;       // its pid in the host's /proc
    oci::Fd root;              // its root directory
    std::uint64_t namespaces;  // CLONE_NEWNS, with CLONE_NEWUSER when that differs too
    std::vector<std::string> unmount;  // destinations, in this order, instead of the plan
};

/// Makes everything or nothing: what is there already when a step fails is taken away again. Says `ready`,
/// or `failed` with the reason.
[[noreturn]] void run_rootfs_change(RootfsChange& change) noexcept;

}  // namespace ocirun
