#pragma once
// Which namespaces the container's first process is born into, joins or creates, and in which order.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/host_facts.hpp"
#include "spec/runtime/config.hpp"

namespace ocirun {

enum class NamespaceKind { user, mount, pid, network, ipc, uts, cgroup, time };

/// The CLONE_NEW* flag of a kind.
std::uint64_t clone_flag(NamespaceKind kind);
/// The word of the specification ("network") and the file name below /proc/PID/ns ("net").
std::string_view spec_name(NamespaceKind kind);
std::string_view proc_name(NamespaceKind kind);

struct JoinedNamespace {
    NamespaceKind kind{};
    std::string path;    // absolute path of a namespace file
    std::string origin;  // "linux.namespaces[2]"
};

struct TimeOffset {
    std::string clock;  // "monotonic" or "boottime"
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
};

struct NamespacePlan {
    std::vector<NamespaceKind> created;        // without a path
    std::vector<std::string> created_origins;  // "linux.namespaces[0]", one for each of `created`
    std::vector<JoinedNamespace> joined;       // with a path, in the order of joining (user first if any)
    std::vector<TimeOffset> time_offsets;
    /// A user namespace is joined, or is created while others are joined: a first child joins what
    /// exists, then clones init as its sibling. Otherwise one clone is enough.
    bool needs_intermediate = false;

    [[nodiscard]] bool creates(NamespaceKind kind) const;
    [[nodiscard]] bool joins(NamespaceKind kind) const;
    /// Created or joined: the container does not share the host's.
    [[nodiscard]] bool has(NamespaceKind kind) const { return creates(kind) || joins(kind); }
    /// CLONE_NEW* of everything that is created, except cgroup: that one is unshared by init after it
    /// stands in its cgroup, so that the new root is the container's own cgroup.
    [[nodiscard]] std::uint64_t clone_flags() const;
};

/// Pure. `config.linux_section` may be absent (then nothing is created).
oci::Result<NamespacePlan> plan_namespaces(const oci::spec::RuntimeConfig& config, const HostFacts& host);

/// One line of uid_map or gid_map.
struct IdRange {
    std::uint32_t container_id = 0;
    std::uint32_t host_id = 0;
    std::uint32_t size = 0;
};

struct IdMapPlan {
    std::vector<IdRange> uids;
    std::vector<IdRange> gids;
    [[nodiscard]] bool empty() const { return uids.empty() && gids.empty(); }
};

/// Pure. The container's maps; a new user namespace without any is an error.
oci::Result<IdMapPlan> plan_id_maps(const oci::spec::RuntimeConfig& config, const NamespacePlan& namespaces);
/// The maps of a configuration as ranges.
IdMapPlan to_id_maps(const std::vector<oci::spec::IdMapping>& uids,
                     const std::vector<oci::spec::IdMapping>& gids);

/// The lines "container host size\n" as /proc/PID/uid_map takes them.
std::string id_map_text(const std::vector<IdRange>& ranges);
/// The host id that a container id maps to, or nothing when it is unmapped.
bool to_host_id(const std::vector<IdRange>& ranges, std::uint32_t container_id, std::uint32_t& host_id);

}  // namespace ocirun
