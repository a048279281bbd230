#include "runtime/plan/namespace_plan.hpp"

#include <linux/sched.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

struct KindRow {
    NamespaceKind kind;
    std::uint64_t flag;
    std::string_view spec_name;
    std::string_view proc_name;
};

constexpr std::array<KindRow, 8> kinds{{
    {NamespaceKind::user, CLONE_NEWUSER, "user", "user"},
    {NamespaceKind::mount, CLONE_NEWNS, "mount", "mnt"},
    {NamespaceKind::pid, CLONE_NEWPID, "pid", "pid"},
    {NamespaceKind::network, CLONE_NEWNET, "network", "net"},
    {NamespaceKind::ipc, CLONE_NEWIPC, "ipc", "ipc"},
    {NamespaceKind::uts, CLONE_NEWUTS, "uts", "uts"},
    {NamespaceKind::cgroup, CLONE_NEWCGROUP, "cgroup", "cgroup"},
    {NamespaceKind::time, CLONE_NEWTIME, "time", "time"},
}};

const KindRow& row_of(NamespaceKind kind) {
    return *std::find_if(kinds.begin(), kinds.end(), [kind](const KindRow& row) { return row.kind == kind; });
}

std::optional<NamespaceKind> kind_named(std::string_view name) {
    for (const KindRow& row : kinds)
        if (row.spec_name == name) return row.kind;
    return std::nullopt;
}

/// The user namespace gives the right to enter the others; the mount namespace takes the paths away.
int join_rank(NamespaceKind kind) {
    if (kind == NamespaceKind::user) return 0;
    return kind == NamespaceKind::mount ? 2 : 1;
}

Result<void> add_namespace(NamespacePlan& plan, const oci::spec::Namespace& wanted,
                           const std::string& origin) {
    const auto kind = kind_named(wanted.type);
    if (!kind) {
        return oci::failure(ErrorCode::invalid,
                            origin + ".type: unknown namespace " + oci::quote(wanted.type) +
                                ", allowed are user, mount, pid, network, ipc, uts, cgroup and time");
    }
    if (plan.has(*kind)) {
        return oci::failure(ErrorCode::invalid,
                            origin + ".type: the namespace " + oci::quote(wanted.type) + " is listed twice");
    }
    if (wanted.path.empty()) {
        plan.created.push_back(*kind);
        plan.created_origins.push_back(origin);
        return {};
    }
    if (wanted.path.front() != '/') {
        return oci::failure(ErrorCode::invalid,
                            origin + ".path: must be an absolute path, found " + oci::quote(wanted.path));
    }
    plan.joined.push_back({*kind, wanted.path, origin});
    return {};
}

Result<void> add_time_offsets(NamespacePlan& plan, const oci::spec::Linux& linux_section) {
    for (const auto& [clock, offset] : linux_section.time_offsets) {
        const std::string origin = oci::spec::property_path("linux.timeOffsets", clock);
        if (clock != "monotonic" && clock != "boottime") {
            return oci::failure(ErrorCode::invalid,
                                origin + ": unknown clock, allowed are monotonic and boottime");
        }
        if (!plan.creates(NamespaceKind::time)) {
            return oci::failure(ErrorCode::invalid,
                                origin + ": needs a new time namespace in linux.namespaces");
        }
        plan.time_offsets.push_back({clock, offset.secs, offset.nanosecs});
    }
    return {};
}

std::vector<IdRange> to_ranges(const std::vector<oci::spec::IdMapping>& mappings) {
    std::vector<IdRange> ranges;
    ranges.reserve(mappings.size());
    for (const auto& mapping : mappings)
        ranges.push_back({mapping.container_id, mapping.host_id, mapping.size});
    return ranges;
}

}  // namespace

std::uint64_t clone_flag(NamespaceKind kind) {
    return row_of(kind).flag;
}

std::string_view spec_name(NamespaceKind kind) {
    return row_of(kind).spec_name;
}

std::string_view proc_name(NamespaceKind kind) {
    return row_of(kind).proc_name;
}

bool NamespacePlan::creates(NamespaceKind kind) const {
    return std::find(created.begin(), created.end(), kind) != created.end();
}

bool NamespacePlan::joins(NamespaceKind kind) const {
    return std::any_of(joined.begin(), joined.end(),
                       [kind](const JoinedNamespace& space) { return space.kind == kind; });
}

std::uint64_t NamespacePlan::clone_flags() const {
    std::uint64_t flags = 0;
    for (const NamespaceKind kind : created)
        if (kind != NamespaceKind::cgroup) flags |= clone_flag(kind);
    return flags;
}

Result<NamespacePlan> plan_namespaces(const oci::spec::RuntimeConfig& config, const HostFacts& /*host*/) {
    NamespacePlan plan;
    if (!config.linux_section) return plan;
    const oci::spec::Linux& linux_section = *config.linux_section;
    for (std::size_t i = 0; i < linux_section.namespaces.size(); ++i) {
        TRY(add_namespace(plan, linux_section.namespaces[i], oci::spec::item_path("linux.namespaces", i)));
    }
    std::stable_sort(plan.joined.begin(), plan.joined.end(),
                     [](const JoinedNamespace& left, const JoinedNamespace& right) {
                         return join_rank(left.kind) < join_rank(right.kind);
                     });
    TRY(add_time_offsets(plan, linux_section));
    plan.needs_intermediate =
        plan.joins(NamespaceKind::user) || (plan.creates(NamespaceKind::user) && !plan.joined.empty());
    return plan;
}

Result<IdMapPlan> plan_id_maps(const oci::spec::RuntimeConfig& config, const NamespacePlan& namespaces) {
    IdMapPlan plan;
    if (!config.linux_section) return plan;
    plan.uids = to_ranges(config.linux_section->uid_mappings);
    plan.gids = to_ranges(config.linux_section->gid_mappings);
    if (namespaces.creates(NamespaceKind::user) && (plan.uids.empty() || plan.gids.empty())) {
        return oci::failure(ErrorCode::invalid,
                            std::string(plan.uids.empty() ? "linux.uidMappings" : "linux.gidMappings") +
                                ": a new user namespace needs at least one mapping");
    }
    if (!plan.empty() && !namespaces.has(NamespaceKind::user)) {
        return oci::failure(ErrorCode::invalid,
                            std::string(plan.uids.empty() ? "linux.gidMappings" : "linux.uidMappings") +
                                ": needs a user namespace in linux.namespaces");
    }
    return plan;
}

IdMapPlan to_id_maps(const std::vector<oci::spec::IdMapping>& uids,
                     const std::vector<oci::spec::IdMapping>& gids) {
    return {to_ranges(uids), to_ranges(gids)};
}

std::string id_map_text(const std::vector<IdRange>& ranges) {
    std::string text;
    for (const IdRange& range : ranges) {
        text += std::to_string(range.container_id) + " " + std::to_string(range.host_id) + " " +
                std::to_string(range.size) + "\n";
    }
    return text;
}

bool to_host_id(const std::vector<IdRange>& ranges, std::uint32_t container_id, std::uint32_t& host_id) {
    for (const IdRange& range : ranges) {
        if (container_id < range.container_id || container_id - range.container_id >= range.size) continue;
        host_id = range.host_id + (container_id - range.container_id);
        return true;
    }
    return false;
}

}  // namespace ocirun
