#pragma once
// Where the container's cgroup is and what is written into it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/bus_value.hpp"
#include "runtime/plan/host_facts.hpp"
#include "spec/runtime/config.hpp"

namespace ocirun {

/// Who manages the cgroup. Recorded in the state, so that later commands need no flag.
enum class CgroupDriver { cgroupfs, systemd, disabled };

/// One file write. `controller` chooses the v1 hierarchy and is the controller that must be enabled
/// on v2 ("" for cgroup.* files).
struct CgroupWrite {
    std::string controller;
    std::string file;  // "memory.max"
    std::string value;
    std::string origin;           // "linux.resources.memory.limit"
    bool may_be_missing = false;  // the kernel may lack the file: then the write is skipped
    std::string fallback_file{};  // written with fallback_value where the kernel lacks `file`
    std::string fallback_value{};
    std::string usage_file{};  // a value below what this file says is refused (checkBeforeUpdate)
};

/// One eBPF instruction as the kernel lays it out (struct bpf_insn), kept as a plain 64-bit word.
using BpfInstruction = std::uint64_t;

/// One property of a systemd unit.
struct UnitProperty {
    std::string name;  // "MemoryMax"
    BusValue value;
    bool may_be_unknown = false;  // left out where this systemd does not know it
};

/// What systemd is asked to start: a scope, the cgroup of which is the container's.
struct ScopePlan {
    std::string unit;           // "ocirun-web.scope"
    std::string slice;          // "system.slice"
    bool user_manager = false;  // of the user's systemd, not of the system's
    std::vector<UnitProperty> properties;
};

struct CgroupPlan {
    CgroupDriver driver = CgroupDriver::cgroupfs;
    CgroupVersion version = CgroupVersion::none;
    std::string path;                           // "/my/container": below each hierarchy's root
    std::vector<CgroupWrite> writes;            // in order; device rules included on v1
    std::vector<BpfInstruction> device_filter;  // v2: program for BPF_CGROUP_DEVICE; empty: no filter
    std::optional<std::pair<std::uint32_t, std::uint32_t>>
        delegate_to;        // host uid, gid that own the cgroup (v2)
    std::string sub_group;  // v2: the directory below the cgroup in which the processes are; empty: itself
    std::vector<std::string> warnings;  // settings the kernel's version cannot express
    bool needs_limits = false;          // some limit was asked for: cgroups absent is then an error
    bool may_be_missing = false;        // no permission to make it is no error
    std::optional<ScopePlan> scope;     // the systemd driver's
};

/// What the caller asked for beside the configuration.
struct CgroupRequest {
    std::string container_id;
    bool systemd = false;             // --systemd-cgroup
    bool disabled = false;            // --cgroup-manager disabled
    bool unsafe_annotations = false;  // --unsafe-annotations
};

/// Pure. For the systemd driver linux.cgroupsPath is "slice:prefix:name". An empty linux.cgroupsPath becomes
/// "/ID"; a relative one is taken from the root of the tree.
oci::Result<CgroupPlan> plan_cgroup(const oci::spec::RuntimeConfig& config, const HostFacts& host,
                                    const CgroupRequest& request);
/// The writes of a resources section alone (for `update`), for the given version.
oci::Result<std::vector<CgroupWrite>> plan_resource_writes(const oci::spec::Resources& resources,
                                                           CgroupVersion version, const std::string& origin,
                                                           std::vector<std::string>& warnings);

}  // namespace ocirun
