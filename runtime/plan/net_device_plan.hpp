#pragma once
// Network devices of the host that move into the container (runtime-spec config-linux.md "Network Devices").
// Pure.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/namespace_plan.hpp"
#include "spec/runtime/linux.hpp"

namespace ocirun {

struct PlannedNetDevice {
    std::string host_name;
    std::string name;    // in the container; with "%d" the first free number takes its place
    std::string origin;  // "linux.netDevices[eth0]"
};

/// Needs a network namespace of the container's own; names are those that the kernel accepts.
oci::Result<std::vector<PlannedNetDevice>> plan_net_devices(const oci::spec::Linux& linux_section,
                                                            const NamespacePlan& namespaces);

}  // namespace ocirun
