#pragma once
// Kernel settings of a container: sysctl files, personality, memory policy. Pure.

#include <optional>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/container_plan.hpp"

namespace ocirun {

/// The files below /proc/sys, in the order of the names. As in sysctl(8) the first separator of a name
/// decides: "net.ipv4.conf.eth0/1.forwarding" and "net/ipv4/conf/eth0.1/forwarding" are the same.
oci::Result<std::vector<Sysctl>> plan_sysctls(const oci::spec::Linux& linux_section);

/// The argument of personality(2); nothing when the section is absent.
oci::Result<std::optional<unsigned long>> plan_personality(const oci::spec::Linux& linux_section);

/// Mode with flags and the nodes for set_mempolicy(2); nothing when the section is absent.
oci::Result<std::optional<std::pair<int, std::vector<unsigned>>>> plan_memory_policy(
    const oci::spec::Linux& linux_section);

}  // namespace ocirun
