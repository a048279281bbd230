#pragma once
// Which devices a container may use: the rules, and their form for cgroup v1 and for eBPF. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"
#include "spec/runtime/resources.hpp"

namespace ocirun {

/// What a process wants to do with a device, as the kernel numbers it (BPF_DEVCG_ACC_*).
enum DeviceAccess : std::uint32_t {
    device_mknod = 1,
    device_read = 2,
    device_write = 4,
    device_all_access = 7,
};

/// One checked rule. A later rule wins over an earlier one for the devices and accesses it names.
struct DeviceRule {
    bool allow = false;
    char type = 'a';          // 'a', 'b' or 'c'
    std::int64_t major = -1;  // -1: every number
    std::int64_t minor = -1;
    std::uint32_t access = device_all_access;  // DeviceAccess bits
    std::string origin;                        // "linux.resources.devices[1]"

    /// Whether every device of `other` is one of this rule's.
    [[nodiscard]] bool covers_devices_of(const DeviceRule& other) const;
    /// "c 1:3 rwm", as cgroup v1 writes it.
    [[nodiscard]] std::string to_text() const;
};

/// linux.resources.devices checked, followed by what every container may do, as the runtimes in the
/// field agree: mknod of any device, and the devices of runtime-spec "Default Devices", pts and tun.
oci::Result<std::vector<DeviceRule>> plan_device_rules(const std::vector<oci::spec::DeviceCgroup>& devices,
                                                       const std::string& origin);

/// The same decisions with as few rules as possible, in order; what no rule names is denied.
std::vector<DeviceRule> simplify_device_rules(const std::vector<DeviceRule>& rules);

/// Writes for devices.allow and devices.deny. A denial inside an earlier, wider permission (or the
/// reverse) is an error: cgroup v1 cannot express it.
oci::Result<std::vector<CgroupWrite>> plan_v1_device_writes(const std::vector<DeviceRule>& rules);

/// A program for BPF_PROG_TYPE_CGROUP_DEVICE that returns 1 for what the rules allow; empty if that is
/// everything.
std::vector<BpfInstruction> plan_device_program(const std::vector<DeviceRule>& rules);

}  // namespace ocirun
