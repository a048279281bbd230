#pragma once
// From the runtime's root to the identity of the container's process. Runs in init and exec processes,
// after the pivot.

#include <cstdint>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/process_plan.hpp"

namespace ocirun {

/// Resource limits, scheduling, I/O priority, no_new_privs, security labels. Needs the host's
/// /proc and the runtime's privileges.
oci::Result<void> apply_limits(const ProcessPlan& process, oci::BorrowedFd proc);

/// Hands pipes and the terminal at standard input, output and error to the process's user, so that it may
/// open /dev/stdin; nothing that has a name on the host.
oci::Result<void> own_standard_streams(const ProcessPlan& process);

/// Goes to process.cwd and makes sure that it lies inside the container. Tried as root first, then
/// again as the user when root may not enter it.
oci::Result<bool> enter_working_directory(const ProcessPlan& process);
oci::Result<void> check_working_directory();

/// Groups, ids and capabilities. With `keep_for_filter` the capability that loading a seccomp filter
/// needs stays until drop_last_privilege.
oci::Result<void> drop_privileges(const ProcessPlan& process, std::uint64_t last_capability,
                                  bool keep_for_filter);

/// The capability sets that the program gets, by one system call without allocation.
oci::Result<void> set_final_capabilities(const ProcessPlan& process);

}  // namespace ocirun
