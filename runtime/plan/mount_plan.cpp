#include "runtime/plan/mount_plan.hpp"

#include <linux/mount.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/plan/annotations.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

constexpr std::array<std::string_view, 10> coverable_proc_files{"/proc/cpuinfo",
                                                                "/proc/diskstats",
                                                                "/proc/loadavg",
                                                                "/proc/meminfo",
                                                                "/proc/slabinfo",
                                                                "/proc/stat",
                                                                "/proc/swaps",
                                                                "/proc/sys/crypto/fips_enabled",
                                                                "/proc/sys/kernel/ns_last_pid",
                                                                "/proc/uptime"};

oci::Error invalid(const std::string& origin, const std::string& text) {
    return oci::failure(ErrorCode::invalid, origin + text);
}

bool is_below(const std::string& path, const std::string& directory) {
    return path == directory || path.rfind(directory + "/", 0) == 0;
}

Result<std::string> plan_destination(const MountContext& context, const oci::spec::Mount& mount,
                                     const std::string& origin) {
    if (mount.destination.empty()) return invalid(origin, ".destination: must not be empty");
    if (mount.destination.front() != '/') {
        context.warnings.push_back(origin + ".destination: " + oci::quote(mount.destination) +
                                   " is relative and taken from /; an absolute path is required");
    }
    const std::string destination = oci::clean_path("/" + mount.destination);
    if (destination == "/")
        return invalid(origin, ".destination: " + oci::quote(mount.destination) +
                                   " is the root file system itself, which cannot be mounted over");
    return destination;
}

Result<void> plan_bind(const MountContext& context, const oci::spec::Mount& mount, PlannedMount& planned) {
    planned.kind = PlannedMount::Kind::bind;
    planned.options.bind = true;
    if (planned.options.remount && mount.source.empty()) return {};
    if (mount.source.empty()) return invalid(planned.origin, ".source: is required for a bind mount");
    planned.source =
        oci::clean_path(mount.source.front() == '/' ? mount.source : context.bundle + "/" + mount.source);
    if (!planned.options.data.empty() && !planned.options.remount) {
        context.warnings.push_back(planned.origin + ": " + oci::quote(planned.options.data) +
                                   " means nothing for a bind mount");
    }
    return {};
}

/// Inside a user namespace that shares the host's cgroup namespace the host's cgroups stay read-only,
/// even where a bind of /sys brings them in (CVE-2023-25809).
void protect_host_cgroups(const MountContext& context, PlannedMount& planned) {
    const bool shared =
        context.namespaces.has(NamespaceKind::user) && !context.namespaces.has(NamespaceKind::cgroup);
    if (!shared || planned.options.remount) return;
    if (planned.kind == PlannedMount::Kind::cgroup) {
        if ((planned.options.attributes_set & MOUNT_ATTR_RDONLY) != 0) return;
        planned.options.attributes_set |= MOUNT_ATTR_RDONLY;
        planned.options.attributes_clear &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
        planned.options.superblock_flags |= MS_RDONLY;
        context.warnings.push_back(planned.origin +
                                   ": made read-only, since a user namespace without a cgroup namespace "
                                   "would hand out the host's cgroups");
        return;
    }
    const bool brings_cgroups = planned.kind == PlannedMount::Kind::bind && planned.options.recursive_bind &&
                                is_below("/sys/fs/cgroup", planned.source);
    const bool readonly = (planned.options.attributes_set & MOUNT_ATTR_RDONLY) != 0;
    if (brings_cgroups && readonly) {
        planned.options.recursive_set |= MOUNT_ATTR_RDONLY;
        planned.options.recursive_clear &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
    }
}

/// File systems that have no files of their own to label, or refuse the option.
bool takes_label(const PlannedMount& planned) {
    if (planned.kind != PlannedMount::Kind::filesystem || planned.options.remount) return false;
    constexpr std::array<std::string_view, 4> unlabelled{"proc", "sysfs", "mqueue", "cgroup2"};
    return std::find(unlabelled.begin(), unlabelled.end(), planned.type) == unlabelled.end() &&
           planned.options.data.find("context=") == std::string::npos;
}

/// The option that carries the label: crun's annotation may choose another kind than "context".
Result<std::string> context_option(const MountContext& context) {
    const auto& annotations = context.config.annotations;
    const auto chosen = annotations.find(std::string(mount_context_annotation));
    if (chosen == annotations.end()) return std::string("context");
    constexpr std::array<std::string_view, 4> kinds{"context", "fscontext", "defcontext", "rootcontext"};
    if (std::find(kinds.begin(), kinds.end(), chosen->second) != kinds.end()) return chosen->second;
    return oci::failure(ErrorCode::invalid,
                        "annotations: " + std::string(mount_context_annotation) + ": unknown type " +
                            oci::quote(chosen->second) +
                            ", allowed are context, fscontext, defcontext and rootcontext");
}

Result<void> add_label(const MountContext& context, PlannedMount& planned) {
    const std::string option = TRY(context_option(context));
    if (!context.host.selinux_enabled || !context.config.linux_section) return {};
    const std::string& label = context.config.linux_section->mount_label;
    if (label.empty() || !takes_label(planned)) return {};
    planned.options.data += (planned.options.data.empty() ? "" : ",") + (option + "=\"" + label + "\"");
    return {};
}

Result<PlannedMount> plan_mount(const MountContext& context, const oci::spec::Mount& mount,
                                const std::string& origin, bool& skipped) {
    PlannedMount planned;
    planned.origin = origin;
    planned.destination = TRY(plan_destination(context, mount, origin));
    planned.source = mount.source;
    planned.type = mount.type;
    planned.options = parse_mount_options(mount.options);
    if (mount.type == "bind" || planned.options.bind) {
        TRY(plan_bind(context, mount, planned));
    } else if (is_cgroup_mount(mount) && !planned.options.remount) {
        skipped = !plan_cgroup_mount(context, mount, planned);
    } else if (mount.type.empty() && !planned.options.remount && planned.options.propagation.empty()) {
        return invalid(origin, ".type: is required unless the options hold bind or rbind");
    } else if (mount.type.empty() && !planned.options.remount) {
        planned.options.remount = true;  // only propagation words: the mount that is there is meant
    }
    planned.id_map = TRY(plan_mount_id_map(context, mount, planned.options, origin));
    planned.options.idmap = !planned.id_map.empty();
    TRY(check_proc_mount(planned));
    protect_host_cgroups(context, planned);
    TRY(add_label(context, planned));
    return planned;
}

}  // namespace

Result<void> check_proc_mount(const PlannedMount& mount) {
    const std::string& destination = mount.destination;
    if (!is_below(destination, "/proc") || mount.options.remount) return {};
    const bool bind = mount.kind == PlannedMount::Kind::bind;
    if (destination == "/proc") {
        if (bind ? mount.source == "/proc" : mount.type == "proc") return {};
        return invalid(
            mount.origin,
            ".destination: on /proc only a mount of type proc or a bind of the "
            "host's /proc is allowed, found " +
                (bind ? "a bind of " + oci::quote(mount.source) : "type " + oci::quote(mount.type)));
    }
    const bool allowed = std::find(coverable_proc_files.begin(), coverable_proc_files.end(), destination) !=
                         coverable_proc_files.end();
    if (allowed) return {};
    return invalid(mount.origin,
                   ".destination: " + oci::quote(destination) + " is inside /proc and may not be covered");
}

Result<std::vector<PlannedMount>> plan_mounts(const MountContext& context) {
    std::vector<PlannedMount> planned;
    const auto& mounts = context.config.mounts;
    if (!mounts.empty() && !context.namespaces.has(NamespaceKind::mount)) {
        return oci::failure(ErrorCode::unsupported,
                            "mounts: without a namespace of type \"mount\" in linux.namespaces they would "
                            "be made on the host, which is not supported");
    }
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        bool skipped = false;
        PlannedMount mount = TRY(plan_mount(context, mounts[i], oci::spec::item_path("mounts", i), skipped));
        if (!skipped) planned.push_back(std::move(mount));
    }
    return planned;
}

}  // namespace ocirun
