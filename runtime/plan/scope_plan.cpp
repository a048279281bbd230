#include "runtime/plan/scope_plan.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

constexpr const char* path_origin = "linux.cgroupsPath";

/// systemd's own escape for what a unit's name may not hold: a container id may have a '+'.
std::string escaped_unit_name(const std::string& name) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
    constexpr std::string_view digits = "0123456789abcdef";
    std::string escaped;
    for (const char c : name) {
        if (allowed.find(c) != std::string_view::npos) {
            escaped += c;
            continue;
        }
        const auto code = static_cast<unsigned char>(c);
        escaped += "\\x";
        escaped += digits[code >> 4U];
        escaped += digits[code & 0xfU];
    }
    return escaped;
}

Result<void> set_names(ScopePlan& scope, const std::string& cgroups_path, const std::string& id) {
    scope.slice = scope.user_manager ? "user.slice" : "system.slice";
    if (cgroups_path.empty()) {
        scope.unit = "ocirun-" + escaped_unit_name(id) + ".scope";
        return {};
    }
    const std::vector<std::string> parts = oci::split(cgroups_path, ':');
    if (parts.size() != 3 || parts[2].empty()) {
        return oci::failure(ErrorCode::invalid,
                            std::string(path_origin) +
                                ": expected \"slice:prefix:name\" for systemd cgroups, found " +
                                oci::quote(cgroups_path));
    }
    if (cgroups_path.find('/') != std::string::npos || parts[2].ends_with(".slice")) {
        return oci::failure(ErrorCode::invalid, std::string(path_origin) + ": " + oci::quote(cgroups_path) +
                                                    " does not name a scope of systemd");
    }
    if (!parts[0].empty()) scope.slice = parts[0];
    scope.unit = escaped_unit_name(parts[1] + "-" + parts[2]) + ".scope";
    return {};
}

void add_fixed_properties(ScopePlan& scope, const std::string& id) {
    auto& properties = scope.properties;
    properties.push_back({"Description", bus_text("ocirun container " + id)});
    properties.push_back({"Slice", bus_text(scope.slice)});
    // The container manages what is below its own cgroup.
    properties.push_back({"Delegate", bus_flag(true)});
    properties.push_back({"DefaultDependencies", bus_flag(false)});
    for (const char* name : {"CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting"})
        properties.push_back({name, bus_flag(true), true});
    // A scope that ended badly goes away like any other, and one process killed for want of memory is the
    // container's own business.
    properties.push_back({"CollectMode", bus_text("inactive-or-failed"), true});
    properties.push_back({"OOMPolicy", bus_text("continue"), true});
}

}  // namespace

Result<std::string> slice_path(const std::string& slice, const std::string& origin) {
    const std::string_view suffix = ".slice";
    if (slice == "-.slice") return std::string();
    const bool named = slice.size() > suffix.size() && slice.ends_with(suffix);
    const std::string name = named ? slice.substr(0, slice.size() - suffix.size()) : std::string();
    const std::vector<std::string> parts = oci::split(name, '-');
    const bool gap = std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
    if (gap || escaped_unit_name(name) != name)
        return oci::failure(ErrorCode::invalid,
                            origin + ": " + oci::quote(slice) +
                                " is not the name of a slice; expected one such as \"machine-web.slice\"");
    std::string path;
    std::string prefix;
    for (const std::string& part : parts) {
        prefix += (prefix.empty() ? "" : "-") + part;
        path += "/" + prefix + ".slice";
    }
    return path;
}

Result<ScopePlan> plan_scope(const oci::spec::RuntimeConfig& config, const SystemdFacts& systemd,
                             const CgroupRequest& request, std::vector<std::string>& warnings) {
    if (!systemd.running)
        return oci::failure(ErrorCode::unsupported,
                            "systemd not running on this host, cannot use systemd cgroups manager");
    ScopePlan scope;
    scope.user_manager = systemd.user_manager;
    TRY(set_names(scope, config.linux_section ? config.linux_section->cgroups_path : "",
                  request.container_id));
    TRY(slice_path(scope.slice, path_origin));
    add_fixed_properties(scope, request.container_id);
    const auto annotated =
        TRY(plan_annotated_properties(config.annotations, request.unsafe_annotations, warnings));
    for (const UnitProperty& property : annotated) {
        std::erase_if(scope.properties, [&](const auto& fixed) { return fixed.name == property.name; });
        scope.properties.push_back(property);
    }
    return scope;
}

}  // namespace ocirun
