#pragma once
// A container's cgroup as a scope of systemd: its names and its properties. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"
#include "runtime/plan/device_filter.hpp"

namespace ocirun {

/// Unit, slice and properties that do not depend on the limits.
oci::Result<ScopePlan> plan_scope(const oci::spec::RuntimeConfig& config, const SystemdFacts& systemd,
                                  const CgroupRequest& request, std::vector<std::string>& warnings);

/// Where the slice is below the root of its manager's tree: "a-b.slice" is "/a.slice/a-b.slice".
oci::Result<std::string> slice_path(const std::string& slice, const std::string& origin);

/// The limits that systemd knows as properties, from the writes of the same limits: what systemd is told
/// it will not undo when it reloads.
std::vector<UnitProperty> to_unit_properties(const std::vector<CgroupWrite>& writes);

/// DevicePolicy and DeviceAllow where systemd can express the rules; nothing where it cannot, since the
/// container's own filter decides anyway.
std::vector<UnitProperty> to_device_properties(const std::vector<DeviceRule>& rules);
/// The same for a scope that has other rules already: systemd's own list is emptied first, or left empty.
std::vector<UnitProperty> to_device_change_properties(const std::vector<DeviceRule>& rules);

/// Which properties an annotation may set: those that concern nothing but the scope itself and how it is
/// stopped. Others could reach the host's own units.
bool is_safe_unit_property(const std::string& name);
/// Names for `features`: the prefix of the annotations.
inline constexpr const char* unit_property_prefix = "org.systemd.property.";

/// The properties in the annotations; unsafe ones are left out with a warning unless they are allowed.
oci::Result<std::vector<UnitProperty>> plan_annotated_properties(
    const std::map<std::string, std::string>& annotations, bool allow_unsafe,
    std::vector<std::string>& warnings);

}  // namespace ocirun
