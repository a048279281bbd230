#include "runtime/plan/net_device_plan.hpp"

#include <map>

#include "base/text.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

constexpr std::size_t longest_name = 15;  // IFNAMSIZ less the final zero byte

bool is_interface_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= longest_name &&
           name.find_first_of(std::string_view("/: \t\n\v\f\r\0", 9)) == std::string::npos;
}

/// One "%d" is a template; any other '%' is refused, as the kernel does.
bool is_template(const std::string& name, bool& good) {
    const std::size_t at = name.find('%');
    if (at == std::string::npos) return false;
    good = name.compare(at, 2, "%d") == 0 && name.find('%', at + 1) == std::string::npos;
    return true;
}

Result<void> check_name(const std::string& name, bool may_be_template, const std::string& origin) {
    bool good_template = true;
    const bool templated = is_template(name, good_template);
    if (is_interface_name(name) && (!templated || (may_be_template && good_template))) return {};
    return oci::failure(ErrorCode::invalid,
                        origin + ": " + oci::quote(name) +
                            " is not the name of a network device: at most 15 bytes, no " +
                            "space, '/' or ':'" + (may_be_template ? ", at most one %d" : ""));
}

}  // namespace

Result<std::vector<PlannedNetDevice>> plan_net_devices(const oci::spec::Linux& linux_section,
                                                       const NamespacePlan& namespaces) {
    std::vector<PlannedNetDevice> planned;
    if (linux_section.net_devices.empty()) return planned;
    if (!namespaces.has(NamespaceKind::network))
        return oci::failure(ErrorCode::invalid,
                            "linux.netDevices: needs a namespace of type \"network\" in linux.namespaces");
    std::map<std::string, std::string> taken;
    for (const auto& [host_name, device] : linux_section.net_devices) {
        const std::string origin = oci::spec::property_path("linux.netDevices", host_name);
        const std::string& name = device.name.empty() ? host_name : device.name;
        TRY(check_name(host_name, false, origin));
        TRY(check_name(name, true, origin + ".name"));
        const bool templated = name.find('%') != std::string::npos;
        const auto [other, fresh] = taken.emplace(name, origin);
        if (!fresh && !templated)
            return oci::failure(ErrorCode::invalid, origin + ".name: " + oci::quote(name) +
                                                        " is the name of another device in the container (" +
                                                        other->second + ")");
        planned.push_back({host_name, name, origin});
    }
    return planned;
}

}  // namespace ocirun
