#include "runtime/plan/device_filter.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

struct DefaultDevice {
    char type;
    std::int64_t major;
    std::int64_t minor;
    std::uint32_t access;
};

constexpr std::array default_devices = {
    DefaultDevice{'c', -1, -1, device_mknod},  // making a node is harmless, using it is not
    DefaultDevice{'b', -1, -1, device_mknod},       DefaultDevice{'c', 1, 3, device_all_access},  // /dev/null
    DefaultDevice{'c', 1, 5, device_all_access},                                                  // /dev/zero
    DefaultDevice{'c', 1, 7, device_all_access},                                                  // /dev/full
    DefaultDevice{'c', 1, 8, device_all_access},     // /dev/random
    DefaultDevice{'c', 1, 9, device_all_access},     // /dev/urandom
    DefaultDevice{'c', 5, 0, device_all_access},     // /dev/tty
    DefaultDevice{'c', 5, 1, device_all_access},     // /dev/console
    DefaultDevice{'c', 5, 2, device_all_access},     // /dev/ptmx
    DefaultDevice{'c', 136, -1, device_all_access},  // /dev/pts/*
    DefaultDevice{'c', 10, 200, device_all_access},  // /dev/net/tun
};

Result<std::int64_t> read_number(const std::optional<std::int64_t>& number, const std::string& path) {
    const std::int64_t value = number.value_or(-1);
    if (value < -1 || value > std::numeric_limits<std::int32_t>::max())
        return oci::failure(ErrorCode::invalid, path + ": is " + std::to_string(value) +
                                                    "; expected a device number, or -1 for all");
    return value;
}

Result<std::uint32_t> read_access(const std::string& text, const std::string& path) {
    std::uint32_t access = 0;
    for (const char letter : text) {
        if (letter == 'r')
            access |= device_read;
        else if (letter == 'w')
            access |= device_write;
        else if (letter == 'm')
            access |= device_mknod;
        else
            return oci::failure(ErrorCode::invalid,
                                path + ": is " + oci::quote(text) + "; allowed are the letters r, w and m");
    }
    // An absent access means all of them.
    return access == 0 ? std::uint32_t{device_all_access} : access;
}

Result<DeviceRule> read_rule(const oci::spec::DeviceCgroup& device, const std::string& path) {
    DeviceRule rule;
    rule.allow = device.allow;
    if (device.type.empty())
        rule.type = 'a';
    else if (device.type == "a" || device.type == "b" || device.type == "c")
        rule.type = device.type.front();
    else
        return oci::failure(ErrorCode::invalid, path + ".type: is " + oci::quote(device.type) +
                                                    "; allowed are \"a\", \"b\" and \"c\"");
    rule.major = TRY(read_number(device.major, path + ".major"));
    rule.minor = TRY(read_number(device.minor, path + ".minor"));
    rule.access = TRY(read_access(device.access, path + ".access"));
    rule.origin = path;
    return rule;
}

}  // namespace

bool DeviceRule::covers_devices_of(const DeviceRule& other) const {
    return (type == 'a' || type == other.type) && (major < 0 || major == other.major) &&
           (minor < 0 || minor == other.minor);
}

std::string DeviceRule::to_text() const {
    const auto number = [](std::int64_t value) {
        return value < 0 ? std::string("*") : std::to_string(value);
    };
    std::string text = std::string(1, type) + " " + number(major) + ":" + number(minor) + " ";
    if ((access & device_read) != 0) text += 'r';
    if ((access & device_write) != 0) text += 'w';
    if ((access & device_mknod) != 0) text += 'm';
    return text;
}

Result<std::vector<DeviceRule>> plan_device_rules(const std::vector<oci::spec::DeviceCgroup>& devices,
                                                  const std::string& origin) {
    std::vector<DeviceRule> rules;
    rules.reserve(devices.size() + std::size(default_devices));
    std::size_t index = 0;
    for (const auto& device : devices)
        rules.push_back(TRY(read_rule(device, origin + "[" + std::to_string(index++) + "]")));
    for (const DefaultDevice& device : default_devices)
        rules.push_back({.allow = true,
                         .type = device.type,
                         .major = device.major,
                         .minor = device.minor,
                         .access = device.access,
                         .origin = "the default devices"});
    return rules;
}

std::vector<DeviceRule> simplify_device_rules(const std::vector<DeviceRule>& rules) {
    // From the last rule back: what later rules have settled already need not be said again.
    std::vector<DeviceRule> kept;
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
        DeviceRule rest = *rule;
        for (const DeviceRule& later : kept)
            if (later.covers_devices_of(rest)) rest.access &= ~later.access;
        if (rest.access != 0) kept.push_back(rest);
    }
    // Before any permission a denial changes nothing.
    while (!kept.empty() && !kept.back().allow) kept.pop_back();
    std::reverse(kept.begin(), kept.end());
    // A permission inside an earlier, wider one is needless unless a denial stands between them.
    std::vector<DeviceRule> result;
    for (DeviceRule rule : kept) {
        for (auto earlier = result.rbegin(); earlier != result.rend() && earlier->allow == rule.allow;
             ++earlier)
            if (earlier->covers_devices_of(rule)) rule.access &= ~earlier->access;
        if (rule.access != 0) result.push_back(rule);
    }
    return result;
}

}  // namespace ocirun
