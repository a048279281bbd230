#pragma once
// Into the namespaces of a process that runs already. Host process, exec processes and what changes mounts.

#include <sys/types.h>

#include <cstdint>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun {

/// A process as other processes name it; the caller has verified that it is the one that is meant.
struct RunningProcess {
    oci::BorrowedFd pidfd;  // closed on a kernel without pidfds
    oci::BorrowedFd proc;   // the host's /proc
    pid_t pid = 0;          // in that /proc
};

/// setns(2) into the namespaces of `target` that `flags` (CLONE_NEW*) name: all at once by its pidfd, one
/// after the other through /proc on kernels before 5.8.
oci::Result<void> join_namespaces_of(const RunningProcess& target, std::uint64_t flags);

}  // namespace ocirun
