#include "runtime/plan/rootfs_plan.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/plan/mount_plan.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

struct DefaultDevice {
    const char* path;
    std::uint32_t major;
    std::uint32_t minor;
};

/// runtime-spec config-linux.md "Default Devices"; console and ptmx are made in other ways.
constexpr std::array<DefaultDevice, 6> default_devices{{{"/dev/null", 1, 3},
                                                        {"/dev/zero", 1, 5},
                                                        {"/dev/full", 1, 7},
                                                        {"/dev/random", 1, 8},
                                                        {"/dev/urandom", 1, 9},
                                                        {"/dev/tty", 5, 0}}};

constexpr std::array<std::pair<const char*, const char*>, 6> default_links{
    {{"/dev/fd", "/proc/self/fd"},
     {"/dev/stdin", "/proc/self/fd/0"},
     {"/dev/stdout", "/proc/self/fd/1"},
     {"/dev/stderr", "/proc/self/fd/2"},
     {"/dev/core", "/proc/kcore"},
     {"/dev/ptmx", "pts/ptmx"}}};

oci::Error invalid(std::string text) {
    return oci::failure(ErrorCode::invalid, std::move(text));
}

/// The spec has the words without "r"; runc, and so engines, know both.
Result<unsigned long> plan_propagation(const std::string& word) {
    constexpr unsigned long shared = MS_SHARED, slave = MS_SLAVE, isolated = MS_PRIVATE,
                            unbindable = MS_UNBINDABLE, recursive_flag = MS_REC;
    if (word.empty()) return slave | recursive_flag;
    const bool recursive = word.front() == 'r';
    const std::string_view kind = std::string_view(word).substr(recursive ? 1 : 0);
    const unsigned long extra = recursive ? recursive_flag : 0;
    if (kind == "shared") return shared | extra;
    if (kind == "slave") return slave | extra;
    if (kind == "private") return isolated | extra;
    if (kind == "unbindable") return unbindable | extra;
    return invalid("linux.rootfsPropagation: unknown value " + oci::quote(word) +
                   ", allowed are shared, slave, private and unbindable");
}

Result<mode_t> device_type(const std::string& type, const std::string& origin) {
    if (type == "c" || type == "u") return mode_t{S_IFCHR};
    if (type == "b") return mode_t{S_IFBLK};
    if (type == "p") return mode_t{S_IFIFO};
    return invalid(origin + ".type: unknown device type " + oci::quote(type) + ", allowed are c, b, u and p");
}

Result<std::uint32_t> device_number(const std::optional<std::int64_t>& number, const std::string& origin) {
    if (!number) return invalid(origin + ": is required for a character or block device");
    if (*number < 0 || *number > 0xffffffffLL)
        return invalid(origin + ": must be a device number, found " + std::to_string(*number));
    return static_cast<std::uint32_t>(*number);
}

Result<PlannedDevice> plan_device(const oci::spec::Device& device, const std::string& origin) {
    PlannedDevice planned;
    if (device.path.empty() || device.path.front() != '/')
        return invalid(origin + ".path: must be an absolute path, found " + oci::quote(device.path));
    planned.path = oci::clean_path(device.path);
    planned.type = TRY(device_type(device.type, origin));
    if (planned.type != S_IFIFO) {
        planned.major = TRY(device_number(device.major, origin + ".major"));
        planned.minor = TRY(device_number(device.minor, origin + ".minor"));
    }
    // Engines hand over st_mode as it is, the type bits included.
    if (device.file_mode) planned.mode = *device.file_mode & 07777;
    planned.uid = device.uid.value_or(0);
    planned.gid = device.gid.value_or(0);
    planned.origin = origin;
    return planned;
}

Result<void> plan_devices(RootfsPlan& plan, const std::vector<oci::spec::Device>& devices) {
    std::vector<PlannedDevice> listed;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        PlannedDevice device = TRY(plan_device(devices[i], oci::spec::item_path("linux.devices", i)));
        // The terminal multiplexer belongs to the container's own devpts.
        if (device.path == "/dev/ptmx") continue;
        const auto same = std::find_if(listed.begin(), listed.end(),
                                       [&](const PlannedDevice& other) { return other.path == device.path; });
        if (same != listed.end() &&
            (same->type != device.type || same->major != device.major || same->minor != device.minor)) {
            return invalid(device.origin + ".path: " + device.path + " is another device in " + same->origin);
        }
        if (same == listed.end()) listed.push_back(std::move(device));
    }
    for (const DefaultDevice& device : default_devices) {
        const bool overridden = std::any_of(listed.begin(), listed.end(), [&](const PlannedDevice& other) {
            return other.path == device.path;
        });
        if (overridden) continue;
        plan.devices.push_back({device.path, S_IFCHR, device.major, device.minor, 0666, 0, 0, "default"});
    }
    plan.devices.insert(plan.devices.end(), listed.begin(), listed.end());
    for (const auto& [path, target] : default_links) plan.links.push_back({path, target});
    return {};
}

Result<void> check_protected(const std::vector<std::string>& paths, const char* property,
                             const NamespacePlan& namespaces) {
    if (paths.empty()) return {};
    if (!namespaces.has(NamespaceKind::mount)) {
        return invalid(std::string(property) + ": needs a namespace of type \"mount\" in linux.namespaces");
    }
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (!paths[i].empty() && paths[i].front() == '/') continue;
        return invalid(oci::spec::item_path(property, i) + ": must be an absolute path, found " +
                       oci::quote(paths[i]));
    }
    return {};
}

std::vector<std::string> cleaned(const std::vector<std::string>& paths) {
    std::vector<std::string> result;
    result.reserve(paths.size());
    for (const std::string& path : paths) result.push_back(oci::clean_path(path));
    return result;
}

}  // namespace

Result<RootfsPlan> plan_rootfs(const oci::spec::RuntimeConfig& config, const HostFacts& host,
                               const NamespacePlan& namespaces, const IdMapPlan& id_maps,
                               const CgroupPlan& cgroup, const std::string& bundle) {
    if (!config.root || config.root->path.empty()) return invalid("root.path: is required");
    static const oci::spec::Linux no_linux;
    const oci::spec::Linux& linux_section = config.linux_section ? *config.linux_section : no_linux;
    RootfsPlan plan;
    const std::string& path = config.root->path;
    plan.path = oci::clean_path(path.front() == '/' ? path : bundle + "/" + path);
    plan.readonly = config.root->readonly;
    if (plan.readonly && !namespaces.has(NamespaceKind::mount))
        return invalid("root.readonly: needs a namespace of type \"mount\" in linux.namespaces");
    plan.propagation = TRY(plan_propagation(linux_section.rootfs_propagation));
    plan.mounts = TRY(plan_mounts({config, host, namespaces, id_maps, cgroup, bundle, plan.warnings}));
    plan.prepare_dev = std::none_of(plan.mounts.begin(), plan.mounts.end(), [](const PlannedMount& mount) {
        return mount.kind == PlannedMount::Kind::bind && mount.destination == "/dev" &&
               !mount.options.remount;
    });
    if (plan.prepare_dev) TRY(plan_devices(plan, linux_section.devices));
    plan.bind_devices = namespaces.has(NamespaceKind::user) || host.in_user_namespace;
    TRY(check_protected(linux_section.masked_paths, "linux.maskedPaths", namespaces));
    TRY(check_protected(linux_section.readonly_paths, "linux.readonlyPaths", namespaces));
    plan.masked_paths = cleaned(linux_section.masked_paths);
    plan.readonly_paths = cleaned(linux_section.readonly_paths);
    if (host.selinux_enabled) plan.mount_label = linux_section.mount_label;
    return plan;
}

}  // namespace ocirun
