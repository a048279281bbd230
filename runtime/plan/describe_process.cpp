#include "runtime/plan/describe_process.hpp"

#include <linux/filter.h>

#include <cstdio>
#include <limits>

#include "base/text.hpp"
#include "runtime/plan/capability_plan.hpp"

namespace ocirun {
namespace {

std::string limit_text(std::uint64_t value) {
    return value == std::numeric_limits<std::uint64_t>::max() ? "unlimited" : std::to_string(value);
}

std::string cpu_text(const std::vector<int>& cpus) {
    std::vector<std::string> parts;
    parts.reserve(cpus.size());
    for (const int cpu : cpus) parts.push_back(std::to_string(cpu));
    return oci::join(parts, ",");
}

void add(std::vector<PlanStep>& steps, std::string action, const char* origin) {
    steps.push_back({"process", std::move(action), origin});
}

void describe_limits(const ProcessPlan& process, std::vector<PlanStep>& steps) {
    if (process.oom_score_adjustment)
        add(steps, "set oom_score_adj to " + std::to_string(*process.oom_score_adjustment),
            "process.oomScoreAdj");
    for (const PlannedRlimit& rlimit : process.rlimits) {
        add(steps,
            "limit " + rlimit.name + " to " + limit_text(rlimit.soft) + ", at most " +
                limit_text(rlimit.hard),
            "process.rlimits");
    }
    if (process.scheduler) {
        const SchedulerPlan& scheduler = *process.scheduler;
        add(steps,
            "set scheduling policy " + std::to_string(scheduler.policy) + ", nice " +
                std::to_string(scheduler.nice) + ", priority " + std::to_string(scheduler.priority),
            "process.scheduler");
    }
    if (process.io_priority) {
        add(steps,
            "set I/O priority class " + std::to_string(*process.io_priority >> 13) + ", level " +
                std::to_string(*process.io_priority & 7),
            "process.ioPriority");
    }
    if (!process.initial_cpus.empty())
        add(steps, "exec only: start on processors " + cpu_text(process.initial_cpus),
            "process.execCPUAffinity.initial");
    if (!process.final_cpus.empty())
        add(steps, "exec only: run on processors " + cpu_text(process.final_cpus),
            "process.execCPUAffinity.final");
}

void describe_identity(const ProcessPlan& process, std::vector<PlanStep>& steps) {
    std::vector<std::string> groups;
    for (const std::uint32_t gid : process.additional_gids) groups.push_back(std::to_string(gid));
    add(steps,
        "become user " + std::to_string(process.uid) + ", group " + std::to_string(process.gid) +
            (groups.empty() ? "" : ", additional groups " + oci::join(groups, ", ")),
        "process.user");
    if (process.umask) {
        char text[32];
        std::snprintf(text, sizeof text, "set umask to %04o", static_cast<unsigned>(*process.umask));
        add(steps, text, "process.user.umask");
    }
    const CapabilityPlan& sets = process.capabilities;
    add(steps, "bounding capabilities: " + capability_text(sets.bounding), "process.capabilities.bounding");
    add(steps, "effective capabilities: " + capability_text(sets.effective),
        "process.capabilities.effective");
    add(steps, "permitted capabilities: " + capability_text(sets.permitted),
        "process.capabilities.permitted");
    add(steps, "inheritable capabilities: " + capability_text(sets.inheritable),
        "process.capabilities.inheritable");
    add(steps, "ambient capabilities: " + capability_text(sets.ambient), "process.capabilities.ambient");
    if (process.no_new_privileges) add(steps, "forbid new privileges", "process.noNewPrivileges");
}

}  // namespace

void describe_process_setup(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    if (plan.new_keyring) add(steps, "join a session keyring of its own", "default");
    if (!plan.process) return;
    const ProcessPlan& process = *plan.process;
    if (process.terminal) {
        const bool sized = process.console_height != 0 || process.console_width != 0;
        add(steps,
            "make the terminal the controlling one" +
                (sized ? ", " + std::to_string(process.console_height) + " lines of " +
                             std::to_string(process.console_width)
                       : std::string()),
            "process.terminal");
    }
    add(steps, "enter directory " + oci::quote(process.cwd), "process.cwd");
    describe_limits(process, steps);
    if (!process.apparmor_profile.empty())
        add(steps, "AppArmor profile " + oci::quote(process.apparmor_profile), "process.apparmorProfile");
    if (!process.selinux_label.empty())
        add(steps, "SELinux label " + oci::quote(process.selinux_label), "process.selinuxLabel");
    describe_identity(process, steps);
}

void describe_execution(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    if (plan.process && plan.process->landlock) {
        const LandlockPlan& landlock = *plan.process->landlock;
        add(steps,
            "restrict files by Landlock, " + oci::count_of(landlock.rules.size(), "rule") +
                (landlock.best_effort ? ", as far as the kernel knows it" : ""),
            "annotations: ocirun.landlock");
    }
    if (!plan.seccomp.program.empty()) {
        steps.push_back({"seccomp",
                         "load a filter of " +
                             std::to_string(plan.seccomp.program.size() / sizeof(sock_filter)) +
                             " instructions",
                         "linux.seccomp"});
    }
    if (!plan.seccomp.listener_path.empty()) {
        steps.push_back(
            {"seccomp", "send the listener to " + plan.seccomp.listener_path, "linux.seccomp.listenerPath"});
    }
    if (!plan.process) return;
    std::vector<std::string> quoted;
    for (const std::string& argument : plan.process->arguments) quoted.push_back(oci::quote(argument));
    add(steps,
        "execute " + oci::join(quoted, " ") + " with " +
            oci::count_of(plan.process->environment.size(), "variable"),
        "process.args");
}

}  // namespace ocirun
