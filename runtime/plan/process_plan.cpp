#include "runtime/plan/process_plan.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "spec/runtime/names.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

namespace {

/// "process" and "args" to "process.args"; in a document of its own the member stands alone.
std::string member(const std::string& origin, const std::string& name) {
    return origin.empty() ? name : origin + "." + name;
}

/// The last of several entries for one name counts, at the place of the first.
Result<std::vector<std::string>> plan_environment(const std::vector<std::string>& entries,
                                                  const std::string& origin) {
    std::vector<std::string> environment;
    std::map<std::string, std::size_t, std::less<>> places;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::size_t equals = entries[i].find('=');
        if (equals == std::string::npos || equals == 0) {
            return failure(ErrorCode::invalid, member(origin, "env[") + std::to_string(i) +
                                                   "]: " + oci::quote(entries[i]) + ": expected NAME=VALUE");
        }
        const auto [place, is_new] = places.try_emplace(entries[i].substr(0, equals), environment.size());
        if (is_new) {
            environment.push_back(entries[i]);
        } else {
            environment[place->second] = entries[i];
        }
    }
    return environment;
}

Result<std::uint64_t> capability_mask(const std::vector<std::string>& names, const HostFacts& host,
                                      const std::string& origin, std::vector<std::string>& missing) {
    std::uint64_t mask = 0;
    for (const std::string& name : names) {
        const auto number = oci::spec::capability_number(name);
        if (!number) return failure(ErrorCode::invalid, origin + ": unknown capability " + oci::quote(name));
        const std::uint64_t bit = std::uint64_t{1} << *number;
        if (*number > host.last_capability || (host.bounding_capabilities & bit) == 0) {
            if (std::find(missing.begin(), missing.end(), name) == missing.end()) missing.push_back(name);
            continue;
        }
        mask |= bit;
    }
    return mask;
}

Result<void> plan_capabilities(const oci::spec::Process& process, const HostFacts& host,
                               const std::string& origin, ProcessPlan& plan) {
    if (!process.capabilities) return {};
    plan.has_capabilities = true;
    const std::string where = member(origin, "capabilities");
    std::vector<std::string> missing;
    plan.capabilities.bounding =
        TRY(capability_mask(process.capabilities->bounding, host, where + ".bounding", missing));
    plan.capabilities.effective =
        TRY(capability_mask(process.capabilities->effective, host, where + ".effective", missing));
    plan.capabilities.permitted =
        TRY(capability_mask(process.capabilities->permitted, host, where + ".permitted", missing));
    plan.capabilities.inheritable =
        TRY(capability_mask(process.capabilities->inheritable, host, where + ".inheritable", missing));
    plan.capabilities.ambient =
        TRY(capability_mask(process.capabilities->ambient, host, where + ".ambient", missing));
    if (!missing.empty()) {
        plan.warnings.push_back(where +
                                ": not available to this runtime and left out: " + oci::join(missing, ", "));
    }
    return {};
}

Result<void> plan_rlimits(const oci::spec::Process& process, const std::string& origin, ProcessPlan& plan) {
    for (std::size_t i = 0; i < process.rlimits.size(); ++i) {
        const oci::spec::Rlimit& limit = process.rlimits[i];
        const auto number = oci::spec::rlimit_number(limit.type);
        if (!number) {
            return failure(ErrorCode::invalid, member(origin, "rlimits[") + std::to_string(i) +
                                                   "].type: unknown limit " + oci::quote(limit.type));
        }
        plan.rlimits.push_back({.resource = static_cast<int>(*number),
                                .soft = limit.soft,
                                .hard = limit.hard,
                                .name = limit.type});
    }
    return {};
}

/// "0-3,7" as numbers.
Result<std::vector<int>> cpu_list(const std::string& text, const std::string& where) {
    std::vector<int> cpus;
    if (text.empty()) return cpus;
    constexpr int largest_cpu = 65535;
    for (const std::string& part : oci::split(text, ',')) {
        const std::size_t dash = part.find('-');
        const auto first = oci::parse_integer<int>(oci::trim(part.substr(0, dash)));
        const auto last =
            dash == std::string::npos ? first : oci::parse_integer<int>(oci::trim(part.substr(dash + 1)));
        if (!first || !last || *first < 0 || *last < *first || *last > largest_cpu) {
            return failure(ErrorCode::invalid,
                           where + ": " + oci::quote(text) + ": expected a list of CPUs such as 0-3,7");
        }
        for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
    }
    return cpus;
}

struct NamedNumber {
    std::string_view name;
    std::uint32_t number;
};

constexpr std::array<NamedNumber, 7> policies = {{{"SCHED_OTHER", 0},
                                                  {"SCHED_FIFO", 1},
                                                  {"SCHED_RR", 2},
                                                  {"SCHED_BATCH", 3},
                                                  {"SCHED_ISO", 4},
                                                  {"SCHED_IDLE", 5},
                                                  {"SCHED_DEADLINE", 6}}};
constexpr std::array<NamedNumber, 7> scheduler_flag_bits = {{{"SCHED_FLAG_RESET_ON_FORK", 0x01},
                                                             {"SCHED_FLAG_RECLAIM", 0x02},
                                                             {"SCHED_FLAG_DL_OVERRUN", 0x04},
                                                             {"SCHED_FLAG_KEEP_POLICY", 0x08},
                                                             {"SCHED_FLAG_KEEP_PARAMS", 0x10},
                                                             {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
                                                             {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}}};
constexpr std::array<NamedNumber, 3> io_classes = {
    {{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}}};

template <std::size_t Size>
Result<std::uint32_t> number_named(const std::array<NamedNumber, Size>& table, const std::string& name,
                                   const std::string& where) {
    for (const NamedNumber& entry : table) {
        if (entry.name == name) return entry.number;
    }
    return failure(ErrorCode::invalid, where + ": unknown name " + oci::quote(name));
}

Result<void> plan_scheduling(const oci::spec::Process& process, const std::string& origin,
                             ProcessPlan& plan) {
    if (process.scheduler) {
        const std::string where = member(origin, "scheduler");
        SchedulerPlan scheduler;
        scheduler.policy = TRY(number_named(policies, process.scheduler->policy, where + ".policy"));
        scheduler.nice = process.scheduler->nice.value_or(0);
        scheduler.priority = static_cast<std::uint32_t>(process.scheduler->priority.value_or(0));
        scheduler.runtime = process.scheduler->runtime.value_or(0);
        scheduler.deadline = process.scheduler->deadline.value_or(0);
        scheduler.period = process.scheduler->period.value_or(0);
        for (const std::string& flag : process.scheduler->flags) {
            scheduler.flags |= TRY(number_named(scheduler_flag_bits, flag, where + ".flags"));
        }
        plan.scheduler = scheduler;
    }
    if (process.io_priority) {
        constexpr unsigned class_shift = 13;
        const std::uint32_t io_class =
            TRY(number_named(io_classes, process.io_priority->io_class, member(origin, "ioPriority.class")));
        plan.io_priority = static_cast<int>(io_class << class_shift) | process.io_priority->priority;
    }
    if (process.exec_cpu_affinity) {
        const std::string where = member(origin, "execCPUAffinity");
        plan.initial_cpus = TRY(cpu_list(process.exec_cpu_affinity->initial, where + ".initial"));
        plan.final_cpus = TRY(cpu_list(process.exec_cpu_affinity->final_set, where + ".final"));
    }
    return {};
}

Result<void> plan_labels(const oci::spec::Process& process, const HostFacts& host, const std::string& origin,
                         ProcessPlan& plan) {
    plan.apparmor_profile = process.apparmor_profile;
    plan.selinux_label = process.selinux_label;
    if (!plan.apparmor_profile.empty() && !host.apparmor_enabled) {
        return failure(ErrorCode::unsupported,
                       member(origin, "apparmorProfile") + ": AppArmor is not enabled on this host");
    }
    if (!plan.selinux_label.empty() && !host.selinux_enabled) {
        return failure(ErrorCode::unsupported,
                       member(origin, "selinuxLabel") + ": SELinux is not enabled on this host");
    }
    return {};
}

void plan_identity(const oci::spec::Process& process, ProcessPlan& plan) {
    plan.uid = process.user.uid;
    plan.gid = process.user.gid;
    plan.additional_gids = process.user.additional_gids;
    if (process.user.umask) plan.umask = static_cast<mode_t>(*process.user.umask & 0777U);
    plan.no_new_privileges = process.no_new_privileges;
    if (process.oom_score_adj) plan.oom_score_adjustment = *process.oom_score_adj;
    plan.terminal = process.terminal;
    if (process.console_size) {
        constexpr std::uint32_t largest = 65535;
        plan.console_height = static_cast<std::uint16_t>(std::min(process.console_size->height, largest));
        plan.console_width = static_cast<std::uint16_t>(std::min(process.console_size->width, largest));
    }
}

}  // namespace

Result<ProcessPlan> plan_process(const oci::spec::Process& process, const HostFacts& host,
                                 const std::string& origin) {
    ProcessPlan plan;
    plan.arguments = process.args;
    if (plan.arguments.empty())
        return failure(ErrorCode::invalid, member(origin, "args") + ": process args cannot be empty");
    plan.environment = TRY(plan_environment(process.env, origin));
    plan.cwd = process.cwd.empty() ? "/" : process.cwd;
    if (plan.cwd.front() != '/') {
        return failure(ErrorCode::invalid,
                       member(origin, "cwd") + ": " + oci::quote(plan.cwd) + " must be an absolute path");
    }
    plan_identity(process, plan);
    TRY(plan_capabilities(process, host, origin, plan));
    TRY(plan_rlimits(process, origin, plan));
    TRY(plan_scheduling(process, origin, plan));
    TRY(plan_labels(process, host, origin, plan));
    return plan;
}

}  // namespace ocirun
