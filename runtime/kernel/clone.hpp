#pragma once
// Making processes and moving between namespaces.

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun::kernel {

struct CloneRequest {
    std::uint64_t flags = 0;                     // CLONE_NEW*, CLONE_PARENT
    std::optional<oci::BorrowedFd> into_cgroup;  // directory of a cgroup v2
    bool want_pidfd = true;
};

struct ClonedProcess {
    pid_t pid = 0;           // 0 in the child
    oci::Fd pidfd;           // in the parent; closed where the kernel has no pidfds
    bool in_cgroup = false;  // it was born in `into_cgroup`; told to both
};

/// clone3(2), with fork semantics (a copy of memory). Returns twice, as fork does. A kernel that cannot put
/// the process into the cgroup (before 5.7) leaves that to the caller; one without clone3 (before 5.3, or
/// behind a filter that hides it) gets clone(2).
oci::Result<ClonedProcess> clone_process(const CloneRequest& request);

/// setns(2): `flags` is 0 for the kind of the descriptor, or CLONE_NEW* for a pidfd.
oci::Result<void> join_namespaces(oci::BorrowedFd target, std::uint64_t flags);
/// unshare(2).
oci::Result<void> unshare_namespaces(std::uint64_t flags);

}  // namespace ocirun::kernel
