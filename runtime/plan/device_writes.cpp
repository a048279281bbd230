#include <utility>

#include "runtime/plan/device_filter.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

/// The state a v1 devices cgroup can be in: everything allowed or denied, with exceptions.
struct V1Devices {
    bool default_allow = false;
    std::vector<DeviceRule> exceptions;
};

bool overlaps(const DeviceRule& one, const DeviceRule& other) {
    return one.type == other.type && (one.major < 0 || other.major < 0 || one.major == other.major) &&
           (one.minor < 0 || other.minor < 0 || one.minor == other.minor);
}

bool same_devices(const DeviceRule& one, const DeviceRule& other) {
    return one.type == other.type && one.major == other.major && one.minor == other.minor;
}

Result<void> take_back(V1Devices& state, const DeviceRule& rule) {
    for (DeviceRule& exception : state.exceptions) {
        if (!overlaps(exception, rule) || (exception.access & rule.access) == 0) continue;
        if (!rule.covers_devices_of(exception))
            return oci::failure(ErrorCode::unsupported,
                                rule.origin + ": " + (rule.allow ? "allowing " : "denying ") +
                                    rule.to_text() + " inside " + exception.to_text() + " (" +
                                    exception.origin + ") needs cgroup v2; cgroup v1 cannot express it");
        exception.access &= ~rule.access;
    }
    std::erase_if(state.exceptions, [](const DeviceRule& exception) { return exception.access == 0; });
    return {};
}

void add_exception(V1Devices& state, const DeviceRule& rule) {
    for (DeviceRule& exception : state.exceptions) {
        if (!same_devices(exception, rule)) continue;
        exception.access |= rule.access;
        return;
    }
    state.exceptions.push_back(rule);
}

Result<void> follow(V1Devices& state, const DeviceRule& rule) {
    if (rule.type == 'a') {
        if (rule.major < 0 && rule.minor < 0 && rule.access == device_all_access) {
            state = {.default_allow = rule.allow, .exceptions = {}};
            return {};
        }
        // The kernel takes 'a' for everything, whatever else the line says: name both kinds instead.
        for (const char type : {'b', 'c'}) {
            DeviceRule part = rule;
            part.type = type;
            TRY(follow(state, part));
        }
        return {};
    }
    if (rule.allow == state.default_allow) return take_back(state, rule);
    add_exception(state, rule);
    return {};
}

}  // namespace

Result<std::vector<CgroupWrite>> plan_v1_device_writes(const std::vector<DeviceRule>& rules) {
    V1Devices state;
    for (const DeviceRule& rule : rules) TRY(follow(state, rule));

    const std::string reset = state.default_allow ? "devices.allow" : "devices.deny";
    const std::string except = state.default_allow ? "devices.deny" : "devices.allow";
    const std::string origin = "linux.resources.devices";
    std::vector<CgroupWrite> writes;
    writes.push_back({.controller = "devices", .file = reset, .value = "a", .origin = origin});
    for (const DeviceRule& exception : state.exceptions)
        writes.push_back({.controller = "devices",
                          .file = except,
                          .value = exception.to_text(),
                          .origin = exception.origin});
    return writes;
}

}  // namespace ocirun
