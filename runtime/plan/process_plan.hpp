#pragma once
// The process to run: arguments, environment, identity, limits. Used for create and for exec.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/host_facts.hpp"
#include "runtime/plan/landlock_plan.hpp"
#include "spec/runtime/config.hpp"

namespace ocirun {

/// The five capability sets as bit masks (bit n = capability n).
struct CapabilityPlan {
    std::uint64_t bounding = 0;
    std::uint64_t effective = 0;
    std::uint64_t permitted = 0;
    std::uint64_t inheritable = 0;
    std::uint64_t ambient = 0;
};

struct PlannedRlimit {
    int resource = 0;  // RLIMIT_*
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
    std::string name;  // "RLIMIT_NOFILE"
};

struct SchedulerPlan {
    std::uint32_t policy = 0;  // SCHED_*
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t flags = 0;
    std::uint64_t runtime = 0;
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};

struct ProcessPlan {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // "NAME=value", last duplicate wins
    std::string cwd = "/";
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> additional_gids;
    bool keep_groups = false;  // the groups of who runs the runtime stay (run.oci.keep_original_groups)
    std::optional<mode_t> umask;
    CapabilityPlan capabilities;
    bool has_capabilities = false;  // false: the section is absent, every set is empty
    std::vector<PlannedRlimit> rlimits;
    bool no_new_privileges = false;
    std::optional<int> oom_score_adjustment;
    bool oom_score_may_fail = false;  // an ordinary user may raise the score only
    bool terminal = false;
    std::uint16_t console_height = 0;  // 0 with width 0: unset
    std::uint16_t console_width = 0;
    std::string apparmor_profile;
    std::string selinux_label;
    std::optional<LandlockPlan> landlock;
    std::optional<SchedulerPlan> scheduler;
    std::optional<int> io_priority;  // as ioprio_set(2) takes it: class << 13 | priority
    std::vector<int> initial_cpus;   // execCPUAffinity.initial; empty: unset
    std::vector<int> final_cpus;
    std::vector<std::string> warnings;
};

/// Pure. `origin` is the path of the process object in its document ("process", "" for an exec file).
oci::Result<ProcessPlan> plan_process(const oci::spec::Process& process, const HostFacts& host,
                                      const std::string& origin);

/// What the container's annotations ask for beside the process itself.
oci::Result<void> plan_process_annotations(ProcessPlan& plan,
                                           const std::map<std::string, std::string>& annotations);

}  // namespace ocirun
