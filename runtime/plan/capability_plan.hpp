#pragma once
// Capability names as the masks that the kernel takes. Pure.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/process_plan.hpp"

namespace ocirun {

/// The five sets as masks. A name that no kernel knows is an error; one that this kernel or this
/// process does not have is left out of every set, with a warning.
oci::Result<CapabilityPlan> plan_capabilities(const oci::spec::Capabilities& capabilities,
                                              const HostFacts& host, const std::string& origin,
                                              std::vector<std::string>& warnings);

/// "CAP_CHOWN, CAP_KILL" for a mask, "none" for 0.
std::string capability_text(std::uint64_t mask);

}  // namespace ocirun
