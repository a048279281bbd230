#pragma once
// Loading the device filter into the kernel and onto a cgroup, by bpf(2). Host process.

#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"

namespace ocirun {

/// Loads the program and attaches it to a cgroup v2 beside those of other owners (all must allow).
oci::Result<void> attach_device_filter(oci::BorrowedFd cgroup, const std::vector<BpfInstruction>& program);
/// Attaches the program in the place of the one that attach_device_filter has attached here, if any. An
/// empty program only takes the old one away. Filters of other owners stay.
oci::Result<void> replace_device_filter(oci::BorrowedFd cgroup, const std::vector<BpfInstruction>& program);

}  // namespace ocirun
