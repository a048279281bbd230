#pragma once
// Namespaces to enter and kernel settings of the container: names, sysctls, personality, keyring. Runs
// in init, before the pivot.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/init/init_request.hpp"

namespace ocirun {

/// setns(2) into every namespace of the plan that has a path, in the plan's order.
oci::Result<void> join_listed_namespaces(const InitRequest& request);

/// For the intermediate process: joins what the host's privileges are needed for, then the user
/// namespace, then what only that namespace's root may join. Becomes its root.
oci::Result<void> enter_before_init(InitRequest& request);

/// Brings the loopback device of a new network namespace up.
oci::Result<void> bring_loopback_up();

/// uid and gid 0 of the user namespace this process is in. `dumpable`: others of its user may look at it in
/// /proc.
oci::Result<void> become_namespace_root(bool keep_groups = false, bool dumpable = false);

/// Host and domain name, sysctls, personality, memory policy.
oci::Result<void> apply_kernel_settings(const ContainerPlan& plan, oci::BorrowedFd proc);

/// A session keyring of the container's own; kernels without keyrings are left alone.
void join_own_keyring(const std::string& container_id);

}  // namespace ocirun
