#pragma once
// Gathers what the planner may know of this machine. Runs in the host process.

#include "base/result.hpp"
#include "runtime/plan/host_facts.hpp"

namespace ocirun {

/// Reads a dozen small kernel files; well under a millisecond.
oci::Result<HostFacts> probe_host();

/// Whether root here is not the machine's root: not the initial user namespace.
bool in_user_namespace();

}  // namespace ocirun
