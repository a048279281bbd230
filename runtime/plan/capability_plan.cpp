#include "runtime/plan/capability_plan.hpp"

#include "base/text.hpp"
#include "spec/json/finding.hpp"
#include "spec/runtime/names.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

struct Masks {
    const HostFacts& host;
    std::vector<std::string>& warnings;
    std::uint64_t missing = 0;  // asked for, but not to be had here

    /// A name that is no capability is a warning, as config.md "Linux Process" asks: it grants nothing.
    std::uint64_t of(const std::vector<std::string>& names, const std::string& origin) {
        std::uint64_t mask = 0;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto number = oci::spec::capability_number(names[i]);
            if (!number || *number >= 64) {
                warnings.push_back(oci::spec::item_path(origin, i) + ": unknown capability " +
                                   oci::quote(names[i]) + " is left out");
                continue;
            }
            const std::uint64_t bit = std::uint64_t{1} << *number;
            const bool available = *number <= host.last_capability && (host.bounding_capabilities & bit) != 0;
            (available ? mask : missing) |= bit;
        }
        return mask;
    }
};

}  // namespace

std::string capability_text(std::uint64_t mask) {
    const auto names = oci::spec::capability_names();
    std::string text;
    for (unsigned number = 0; number < 64; ++number) {
        if ((mask >> number & 1U) == 0) continue;
        text += text.empty() ? "" : ", ";
        text += number < names.size() ? std::string(names[number]) : std::to_string(number);
    }
    return text.empty() ? "none" : text;
}

Result<CapabilityPlan> plan_capabilities(const oci::spec::Capabilities& capabilities, const HostFacts& host,
                                         const std::string& origin, std::vector<std::string>& warnings) {
    Masks masks{host, warnings};
    CapabilityPlan plan;
    plan.bounding = masks.of(capabilities.bounding, origin + ".bounding");
    plan.effective = masks.of(capabilities.effective, origin + ".effective");
    plan.permitted = masks.of(capabilities.permitted, origin + ".permitted");
    plan.inheritable = masks.of(capabilities.inheritable, origin + ".inheritable");
    plan.ambient = masks.of(capabilities.ambient, origin + ".ambient");
    if (const std::uint64_t extra = plan.effective & ~plan.permitted; extra != 0) {
        return oci::failure(ErrorCode::invalid, origin + ".effective: " + capability_text(extra) +
                                                    " must be in " + origin + ".permitted too");
    }
    if (masks.missing != 0) {
        warnings.push_back(origin + ": " + capability_text(masks.missing) +
                           " cannot be given: this host does not have it");
    }
    return plan;
}

}  // namespace ocirun
