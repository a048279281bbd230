#include "runtime/plan/cgroup_plan.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "runtime/plan/annotations.hpp"
#include "runtime/plan/device_filter.hpp"
#include "runtime/plan/scope_plan.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

Result<std::string> plan_path(const std::string& cgroups_path, const std::string& id) {
    if (cgroups_path.empty()) return "/" + id;
    std::string path;
    for (const std::string& part : oci::split(cgroups_path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..")
            return oci::failure(ErrorCode::invalid, "linux.cgroupsPath: " + oci::quote(cgroups_path) +
                                                        " must not contain \"..\"");
        path += "/" + part;
    }
    if (path.empty())
        return oci::failure(ErrorCode::invalid,
                            "linux.cgroupsPath: " + oci::quote(cgroups_path) +
                                " is the root of the cgroup tree, which cannot belong to a container");
    const bool has_control =
        std::any_of(path.begin(), path.end(), [](char c) { return c == '\n' || c == '\0'; });
    if (has_control)
        return oci::failure(ErrorCode::invalid, "linux.cgroupsPath: " + oci::quote(cgroups_path) +
                                                    " must not contain line ends or zero bytes");
    return path;
}

bool has_new_cgroup_namespace(const oci::spec::Linux& linux_section) {
    return std::any_of(linux_section.namespaces.begin(), linux_section.namespaces.end(),
                       [](const auto& space) { return space.type == "cgroup" && space.path.empty(); });
}

/// A writable cgroup mount at the usual place (config-linux.md "Cgroup ownership").
bool mounts_cgroup_writable(const oci::spec::RuntimeConfig& config) {
    return std::any_of(config.mounts.begin(), config.mounts.end(), [](const oci::spec::Mount& mount) {
        if (mount.source != "cgroup" || mount.destination != "/sys/fs/cgroup") return false;
        return std::find(mount.options.begin(), mount.options.end(), "ro") == mount.options.end();
    });
}

/// The host id of a container id; nothing if the maps leave it out. No maps: the same id.
std::optional<std::uint32_t> to_host_id(std::uint32_t id, const std::vector<oci::spec::IdMapping>& maps) {
    if (maps.empty()) return id;
    for (const auto& map : maps)
        if (id >= map.container_id && id - map.container_id < map.size)
            return map.host_id + (id - map.container_id);
    return std::nullopt;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> plan_delegation(
    const oci::spec::RuntimeConfig& config) {
    if (!config.linux_section || !has_new_cgroup_namespace(*config.linux_section)) return std::nullopt;
    if (!mounts_cgroup_writable(config) || !config.process) return std::nullopt;
    const auto& user = config.process->user;
    const auto uid = to_host_id(user.uid, config.linux_section->uid_mappings);
    const auto gid = to_host_id(user.gid, config.linux_section->gid_mappings);
    if (!uid || !gid) return std::nullopt;
    return std::make_pair(*uid, *gid);
}

/// The cgroup below the container's own that annotations ask for; limits stay where the container cannot
/// reach them.
Result<void> plan_sub_group(CgroupPlan& plan, const oci::spec::RuntimeConfig& config) {
    const auto value_of = [&](std::string_view name) {
        const auto found = config.annotations.find(std::string(name));
        return found == config.annotations.end() ? std::string() : found->second;
    };
    std::string_view annotation = delegate_cgroup_annotation;
    std::string name = value_of(annotation);
    const bool delegated = !name.empty();
    if (!delegated && plan.driver == CgroupDriver::systemd) {
        annotation = systemd_subgroup_annotation;
        name = value_of(annotation);
    }
    if (name.empty()) return {};
    const std::string origin = "annotations: " + std::string(annotation);
    const std::size_t bad = name.find_first_of(std::string_view("/\n\0", 3));
    if (bad != std::string::npos || name == "." || name == ".." || name.starts_with("cgroup."))
        return oci::failure(ErrorCode::invalid,
                            origin + ": " + oci::quote(name) + " must be the name of one directory");
    if (plan.version != CgroupVersion::v2)
        return oci::failure(ErrorCode::unsupported, origin + ": needs cgroup v2");
    plan.sub_group = name;
    if (!delegated) return {};
    if (!config.linux_section || !has_new_cgroup_namespace(*config.linux_section))
        return oci::failure(ErrorCode::invalid,
                            origin + ": needs a namespace of type \"cgroup\" in linux.namespaces");
    const auto user = config.process ? config.process->user : oci::spec::User();
    const auto uid = to_host_id(user.uid, config.linux_section->uid_mappings);
    const auto gid = to_host_id(user.gid, config.linux_section->gid_mappings);
    if (uid && gid) plan.delegate_to = std::make_pair(*uid, *gid);
    return {};
}

Result<void> plan_devices(CgroupPlan& plan, const oci::spec::Resources& resources) {
    const std::vector<DeviceRule> rules =
        TRY(plan_device_rules(resources.devices, "linux.resources.devices"));
    if (plan.scope) {
        const std::vector<UnitProperty> properties = to_device_properties(rules);
        plan.scope->properties.insert(plan.scope->properties.end(), properties.begin(), properties.end());
    }
    if (plan.version == CgroupVersion::v2) {
        plan.device_filter = plan_device_program(rules);
        return {};
    }
    std::vector<CgroupWrite> writes = TRY(plan_v1_device_writes(rules));
    plan.writes.insert(plan.writes.end(), writes.begin(), writes.end());
    return {};
}

std::string origins_of(const std::vector<CgroupWrite>& writes) {
    std::string names;
    for (const CgroupWrite& write : writes) {
        if (names.find(write.origin) != std::string::npos) continue;
        names += (names.empty() ? "" : ", ") + write.origin;
    }
    return names;
}

/// A container without a cgroup: fine as long as nothing needs one.
Result<void> plan_without_cgroups(CgroupPlan& plan) {
    if (!plan.needs_limits) return {};
    const std::string names = origins_of(plan.writes);
    if (plan.driver != CgroupDriver::disabled)
        return oci::failure(ErrorCode::unsupported,
                            names + " cannot be set: no cgroup file system is mounted on this host");
    plan.warnings.push_back(names + " has no effect: cgroups are disabled for this container");
    plan.writes.clear();
    return {};
}

/// The scope instead of a path, with the limits that systemd knows; what an annotation sets stays.
Result<void> plan_systemd(CgroupPlan& plan, const oci::spec::RuntimeConfig& config, const HostFacts& host,
                          const CgroupRequest& request) {
    plan.scope = TRY(plan_scope(config, host.systemd, request, plan.warnings));
    plan.path = host.systemd.manager_cgroup + TRY(slice_path(plan.scope->slice, "linux.cgroupsPath")) + "/" +
                plan.scope->unit;
    auto& properties = plan.scope->properties;
    for (UnitProperty& limit : to_unit_properties(plan.writes)) {
        const bool known = std::any_of(properties.begin(), properties.end(),
                                       [&](const auto& other) { return other.name == limit.name; });
        if (!known) properties.push_back(std::move(limit));
    }
    return {};
}

CgroupDriver driver_of(const CgroupRequest& request) {
    if (request.disabled) return CgroupDriver::disabled;
    return request.systemd ? CgroupDriver::systemd : CgroupDriver::cgroupfs;
}

}  // namespace

Result<CgroupPlan> plan_cgroup(const oci::spec::RuntimeConfig& config, const HostFacts& host,
                               const CgroupRequest& request) {
    static const oci::spec::Linux no_linux;
    static const oci::spec::Resources no_resources;
    const oci::spec::Linux& linux_section = config.linux_section ? *config.linux_section : no_linux;
    const oci::spec::Resources& resources = linux_section.resources ? *linux_section.resources : no_resources;

    CgroupPlan plan;
    plan.driver = driver_of(request);
    plan.version = request.disabled ? CgroupVersion::none : host.cgroup.version;
    if (plan.driver != CgroupDriver::systemd)
        plan.path = TRY(plan_path(linux_section.cgroups_path, request.container_id));
    plan.writes = TRY(plan_resource_writes(resources, plan.version, "linux.resources", plan.warnings));
    plan.needs_limits = !plan.writes.empty();
    const bool rootless = host.effective_uid != 0 || host.in_user_namespace;
    plan.may_be_missing = rootless && !plan.needs_limits && linux_section.cgroups_path.empty() &&
                          plan.driver == CgroupDriver::cgroupfs;
    if (plan.version == CgroupVersion::none) {
        plan.path.clear();
        TRY(plan_without_cgroups(plan));
        return plan;
    }
    if (plan.driver == CgroupDriver::systemd) TRY(plan_systemd(plan, config, host, request));
    // In a user namespace the kernel refuses device rules, and device nodes do not work anyway.
    if (!rootless) TRY(plan_devices(plan, resources));
    if (plan.version == CgroupVersion::v2) plan.delegate_to = plan_delegation(config);
    TRY(plan_sub_group(plan, config));
    return plan;
}

}  // namespace ocirun
