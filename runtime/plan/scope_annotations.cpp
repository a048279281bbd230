// org.systemd.property.NAME annotations as properties of the container's scope.

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "runtime/plan/scope_plan.hpp"
#include "runtime/plan/variant_text.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

constexpr std::array<std::string_view, 15> safe_properties = {"CollectMode",
                                                              "Description",
                                                              "Documentation",
                                                              "FinalKillSignal",
                                                              "KillMode",
                                                              "KillSignal",
                                                              "ManagedOOMMemoryPressure",
                                                              "ManagedOOMMemoryPressureLimit",
                                                              "ManagedOOMSwap",
                                                              "OOMPolicy",
                                                              "RuntimeMaxUSec",
                                                              "SendSIGHUP",
                                                              "SendSIGKILL",
                                                              "TimeoutStopUSec",
                                                              "WatchdogSignal"};

/// "TimeoutStopSec" in seconds is "TimeoutStopUSec" in microseconds.
bool names_seconds(const std::string& name) {
    return name.size() > 4 && name.ends_with("Sec") && name[name.size() - 4] != 'U';
}

std::string property_name(const std::string& name) {
    return names_seconds(name) ? name.substr(0, name.size() - 3) + "USec" : name;
}

std::optional<BusValue> to_microseconds(const BusValue& value) {
    constexpr std::uint64_t second = 1000000;
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    if (value.signature == "d") {
        const double seconds = std::bit_cast<double>(value.number);
        if (!(seconds >= 0) || seconds > 1e12) return std::nullopt;
        return bus_uint64(static_cast<std::uint64_t>(seconds * 1e6));
    }
    const bool is_signed = value.signature == "i" || value.signature == "x" || value.signature == "n";
    const bool is_unsigned = value.signature == "u" || value.signature == "t" || value.signature == "q";
    if (!is_signed && !is_unsigned) return std::nullopt;
    if (is_signed && static_cast<std::int64_t>(value.number) < 0) return std::nullopt;
    if (is_unsigned && value.number == most) return bus_uint64(most);  // infinity
    if (value.number > most / second) return std::nullopt;
    return bus_uint64(value.number * second);
}

bool is_property_name(const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
}

Result<UnitProperty> read_property(const std::string& name, const std::string& text) {
    UnitProperty property;
    property.name = property_name(name);
    property.value = TRY(parse_variant_text(text));
    if (!names_seconds(name)) return property;
    const auto converted = to_microseconds(property.value);
    if (!converted)
        return oci::failure(ErrorCode::invalid, "expected a number of seconds, found " + oci::quote(text));
    property.value = *converted;
    return property;
}

}  // namespace

bool is_safe_unit_property(const std::string& name) {
    return std::find(safe_properties.begin(), safe_properties.end(), property_name(name)) !=
           safe_properties.end();
}

Result<std::vector<UnitProperty>> plan_annotated_properties(
    const std::map<std::string, std::string>& annotations, bool allow_unsafe,
    std::vector<std::string>& warnings) {
    std::vector<UnitProperty> properties;
    const std::string prefix = unit_property_prefix;
    for (const auto& [key, text] : annotations) {
        if (!key.starts_with(prefix)) continue;
        const std::string name = key.substr(prefix.size());
        const std::string origin = oci::spec::property_path("annotations", key);
        if (!is_property_name(name))
            return oci::failure(ErrorCode::invalid,
                                origin + ": " + oci::quote(name) + " is not the name of a property");
        if (!allow_unsafe && !is_safe_unit_property(name)) {
            warnings.push_back(origin +
                               " has no effect: it could reach other units of the host, and unsafe "
                               "annotations are not allowed");
            continue;
        }
        properties.push_back(TRY(read_property(name, text).in(origin)));
    }
    return properties;
}

}  // namespace ocirun
