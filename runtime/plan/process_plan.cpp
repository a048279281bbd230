#include "runtime/plan/process_plan.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "base/text.hpp"
#include "runtime/plan/annotations.hpp"
#include "runtime/plan/capability_plan.hpp"
#include "runtime/plan/cpu_list.hpp"
#include "runtime/plan/scheduler_plan.hpp"
#include "spec/json/finding.hpp"
#include "spec/runtime/names.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

constexpr unsigned cpu_limit = 65536;

oci::Error invalid(std::string text) {
    return oci::failure(ErrorCode::invalid, std::move(text));
}

/// "process.env" below "process", "env" in an exec file, whose root is the process.
std::string below(const std::string& origin, const char* property) {
    return origin.empty() ? property : origin + "." + property;
}

bool has_zero_byte(const std::string& text) {
    return text.find('\0') != std::string::npos;
}

Result<std::vector<std::string>> plan_arguments(const std::vector<std::string>& args,
                                                const std::string& origin) {
    if (args.empty()) return invalid(origin + ": process args cannot be empty");
    if (args.front().empty()) return invalid(origin + "[0]: must name a program, found an empty string");
    for (std::size_t i = 0; i < args.size(); ++i) {
        if (has_zero_byte(args[i]))
            return invalid(oci::spec::item_path(origin, i) + ": must not contain a zero byte");
    }
    return args;
}

/// The last of several settings of a name wins and keeps its place.
Result<std::vector<std::string>> plan_environment(const std::vector<std::string>& env,
                                                  const std::string& origin) {
    std::vector<std::string> kept;
    std::set<std::string> seen;
    for (std::size_t i = env.size(); i-- > 0;) {
        const std::size_t equals = env[i].find('=');
        if (equals == std::string::npos || equals == 0) {
            return invalid(oci::spec::item_path(origin, i) + ": must have the form NAME=value, found " +
                           oci::quote(env[i]));
        }
        if (has_zero_byte(env[i]))
            return invalid(oci::spec::item_path(origin, i) + ": must not contain a zero byte");
        if (seen.insert(env[i].substr(0, equals)).second) kept.push_back(env[i]);
    }
    std::reverse(kept.begin(), kept.end());
    return kept;
}

Result<void> plan_user(ProcessPlan& plan, const oci::spec::User& user, const std::string& origin) {
    // To the kernel (uid_t)-1 means "leave it as it is".
    constexpr std::uint32_t no_id = std::numeric_limits<std::uint32_t>::max();
    if (user.uid == no_id) return invalid(origin + ".uid: 4294967295 is not a user id");
    if (user.gid == no_id) return invalid(origin + ".gid: 4294967295 is not a group id");
    plan.uid = user.uid;
    plan.gid = user.gid;
    plan.additional_gids = user.additional_gids;
    if (!user.umask) return {};
    if (*user.umask > 0777) {
        return invalid(origin + ".umask: must be at most 511 (octal 777), found " +
                       std::to_string(*user.umask));
    }
    plan.umask = *user.umask;
    return {};
}

Result<std::vector<PlannedRlimit>> plan_rlimits(const std::vector<oci::spec::Rlimit>& rlimits,
                                                const std::string& origin) {
    std::vector<PlannedRlimit> planned;
    for (std::size_t i = 0; i < rlimits.size(); ++i) {
        const oci::spec::Rlimit& rlimit = rlimits[i];
        const std::string place = oci::spec::item_path(origin, i);
        const auto number = oci::spec::rlimit_number(rlimit.type);
        if (!number) return invalid(place + ".type: unknown limit " + oci::quote(rlimit.type));
        const bool twice = std::any_of(planned.begin(), planned.end(), [&](const PlannedRlimit& other) {
            return other.resource == static_cast<int>(*number);
        });
        if (twice) return invalid(place + ".type: " + rlimit.type + " is listed twice");
        if (rlimit.soft > rlimit.hard) {
            return invalid(place + ".soft: must not be above hard (" + std::to_string(rlimit.hard) +
                           "), found " + std::to_string(rlimit.soft));
        }
        planned.push_back({static_cast<int>(*number), rlimit.soft, rlimit.hard, rlimit.type});
    }
    return planned;
}

Result<void> plan_console(ProcessPlan& plan, const oci::spec::Process& process, const std::string& origin) {
    plan.terminal = process.terminal;
    if (!process.console_size || !process.terminal) return {};
    constexpr std::uint32_t largest = std::numeric_limits<std::uint16_t>::max();
    const auto& size = *process.console_size;
    if (size.height > largest || size.width > largest) {
        return invalid(below(origin, "consoleSize") + ": height and width must be at most 65535");
    }
    plan.console_height = static_cast<std::uint16_t>(size.height);
    plan.console_width = static_cast<std::uint16_t>(size.width);
    return {};
}

/// A label that the host cannot apply is an error: running without it would be running unconfined.
Result<void> plan_labels(ProcessPlan& plan, const oci::spec::Process& process, const HostFacts& host,
                         const std::string& origin) {
    const bool confined = !process.apparmor_profile.empty() && process.apparmor_profile != "unconfined";
    if (confined && !host.apparmor_enabled) {
        return oci::failure(ErrorCode::unsupported, below(origin, "apparmorProfile") + ": " +
                                                        oci::quote(process.apparmor_profile) +
                                                        " needs AppArmor, which is not enabled on this host");
    }
    if (!process.selinux_label.empty() && !host.selinux_enabled) {
        return oci::failure(ErrorCode::unsupported, below(origin, "selinuxLabel") + ": " +
                                                        oci::quote(process.selinux_label) +
                                                        " needs SELinux, which is not enabled on this host");
    }
    if (host.apparmor_enabled) plan.apparmor_profile = process.apparmor_profile;
    plan.selinux_label = process.selinux_label;
    return {};
}

Result<std::vector<int>> plan_cpus(const std::string& text, const std::string& origin) {
    std::vector<int> cpus;
    for (const unsigned cpu : TRY(parse_number_list(text, cpu_limit, origin)))
        cpus.push_back(static_cast<int>(cpu));
    return cpus;
}

Result<void> plan_scheduling(ProcessPlan& plan, const oci::spec::Process& process,
                             const std::string& origin) {
    if (process.scheduler)
        plan.scheduler = TRY(plan_scheduler(*process.scheduler, below(origin, "scheduler")));
    if (process.io_priority)
        plan.io_priority = TRY(plan_io_priority(*process.io_priority, below(origin, "ioPriority")));
    if (!process.exec_cpu_affinity) return {};
    const std::string affinity = below(origin, "execCPUAffinity");
    plan.initial_cpus = TRY(plan_cpus(process.exec_cpu_affinity->initial, affinity + ".initial"));
    plan.final_cpus = TRY(plan_cpus(process.exec_cpu_affinity->final_set, affinity + ".final"));
    return {};
}

Result<void> plan_oom_score(ProcessPlan& plan, const oci::spec::Process& process, const std::string& origin) {
    if (!process.oom_score_adj) return {};
    if (*process.oom_score_adj < -1000 || *process.oom_score_adj > 1000) {
        return invalid(below(origin, "oomScoreAdj") + ": must be from -1000 to 1000, found " +
                       std::to_string(*process.oom_score_adj));
    }
    plan.oom_score_adjustment = *process.oom_score_adj;
    return {};
}

}  // namespace

Result<void> plan_process_annotations(ProcessPlan& plan,
                                      const std::map<std::string, std::string>& annotations) {
    plan.keep_groups = annotations.contains(std::string(keep_groups_annotation));
    const auto landlock = annotations.find(std::string(landlock_annotation));
    if (landlock != annotations.end()) plan.landlock = TRY(plan_landlock(landlock->second));
    return {};
}

Result<ProcessPlan> plan_process(const oci::spec::Process& process, const HostFacts& host,
                                 const std::string& origin) {
    ProcessPlan plan;
    plan.arguments = TRY(plan_arguments(process.args, below(origin, "args")));
    plan.environment = TRY(plan_environment(process.env, below(origin, "env")));
    if (process.cwd.empty() || process.cwd.front() != '/') {
        return invalid(below(origin, "cwd") + ": must be an absolute path, found " + oci::quote(process.cwd));
    }
    if (has_zero_byte(process.cwd)) return invalid(below(origin, "cwd") + ": must not contain a zero byte");
    plan.cwd = process.cwd;
    TRY(plan_user(plan, process.user, below(origin, "user")));
    plan.has_capabilities = process.capabilities.has_value();
    if (process.capabilities) {
        plan.capabilities =
            TRY(plan_capabilities(*process.capabilities, host, below(origin, "capabilities"), plan.warnings));
    }
    plan.rlimits = TRY(plan_rlimits(process.rlimits, below(origin, "rlimits")));
    plan.no_new_privileges = process.no_new_privileges;
    TRY(plan_oom_score(plan, process, origin));
    plan.oom_score_may_fail = host.effective_uid != 0 || host.in_user_namespace;
    TRY(plan_console(plan, process, origin));
    TRY(plan_labels(plan, process, host, origin));
    TRY(plan_scheduling(plan, process, origin));
    return plan;
}

}  // namespace ocirun
