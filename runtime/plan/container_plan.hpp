#pragma once
// The whole plan of a container: a value that says everything `create` will do. Pure.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"
#include "runtime/plan/hook_plan.hpp"
#include "runtime/plan/host_facts.hpp"
#include "runtime/plan/namespace_plan.hpp"
#include "runtime/plan/net_device_plan.hpp"
#include "runtime/plan/process_plan.hpp"
#include "runtime/plan/rdt_plan.hpp"
#include "runtime/plan/rootfs_plan.hpp"
#include "runtime/plan/seccomp_plan.hpp"
#include "spec/runtime/config.hpp"

namespace ocirun {

/// What the caller asked for on the command line.
struct PlanRequest {
    std::string container_id;
    std::string bundle;  // absolute
    bool no_pivot = false;
    bool new_keyring = true;
    bool systemd_cgroup = false;
    bool cgroups_disabled = false;
    bool unsafe_annotations = false;  // annotations that reach beyond the container count
    std::string notify_directory;     // of the host, with the container's notify socket; empty: none
    /// Compiles seccomp rules; a caller with a cache passes its own. Null: plan_seccomp.
    oci::Result<SeccompPlan> (*compile_seccomp)(const oci::spec::Seccomp&, const std::string& origin,
                                                void* context) = nullptr;
    void* compile_context = nullptr;
};

struct Sysctl {
    std::string file;  // below /proc/sys: "net/ipv4/ip_forward"
    std::string value;
    std::string origin;  // "linux.sysctl[net.ipv4.ip_forward]"
};

struct ContainerPlan {
    std::string id;
    std::string bundle;
    NamespacePlan namespaces;
    IdMapPlan id_maps;
    CgroupPlan cgroup;
    RootfsPlan rootfs;
    std::string hostname;    // empty: unset
    std::string domainname;  // empty: unset
    std::vector<Sysctl> sysctls;
    std::vector<PlannedNetDevice> net_devices;
    std::optional<RdtPlan> rdt;
    std::optional<unsigned long> personality;
    std::optional<std::pair<int, std::vector<unsigned>>> memory_policy;  // mode with flags, nodes
    bool new_keyring = true;
    std::uint64_t last_capability = 40;  // of this kernel
    std::optional<ProcessPlan> process;  // absent: the container can be created but not started
    SeccompPlan seccomp;
    HookPlan hooks;
    std::string hook_output;  // files for what hooks say; empty: none
    std::string hook_errors;
    std::string pidfd_receiver;  // a socket of the host that receives init's pidfd; empty: none
    std::map<std::string, std::string> annotations;
    std::vector<std::string> warnings;
};

/// The plan, or one error that names the place in the configuration ("mounts[2]: ...").
oci::Result<ContainerPlan> plan_container(const oci::spec::RuntimeConfig& config, const HostFacts& host,
                                          const PlanRequest& request);

/// The plan as numbered steps, each with the place of the configuration it comes from.
struct PlanStep {
    std::string phase;   // "namespaces", "cgroup", "mounts", ...
    std::string action;  // "mount tmpfs on /dev (nosuid, mode=755)"
    std::string origin;  // "mounts[1]"
};
std::vector<PlanStep> describe_steps(const ContainerPlan& plan);
/// The steps as text for people, and as JSON.
std::string describe(const ContainerPlan& plan);
std::string describe_json(const ContainerPlan& plan);

}  // namespace ocirun
