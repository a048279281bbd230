#include "runtime/plan/scheduler_plan.hpp"

#include <linux/sched.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

using NamedNumber = std::pair<std::string_view, std::uint32_t>;

constexpr std::array<NamedNumber, 7> policies{{{"SCHED_OTHER", SCHED_NORMAL},
                                               {"SCHED_FIFO", SCHED_FIFO},
                                               {"SCHED_RR", SCHED_RR},
                                               {"SCHED_BATCH", SCHED_BATCH},
                                               {"SCHED_ISO", 4},
                                               {"SCHED_IDLE", SCHED_IDLE},
                                               {"SCHED_DEADLINE", SCHED_DEADLINE}}};

constexpr std::array<NamedNumber, 7> flag_names{{{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
                                                 {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
                                                 {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
                                                 {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
                                                 {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
                                                 {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
                                                 {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX}}};

/// The kernel's numbers, ioprio_set(2). Not by <linux/ioprio.h>: a parameter in it is named "class".
constexpr std::array<NamedNumber, 3> io_classes{
    {{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}}};
constexpr unsigned io_class_shift = 13;

template <std::size_t size>
Result<std::uint32_t> number_of(const std::array<NamedNumber, size>& table, const std::string& name,
                                const std::string& origin) {
    std::string allowed;
    for (const auto& [known, number] : table) {
        if (known == name) return number;
        allowed += (allowed.empty() ? "" : ", ") + std::string(known);
    }
    return oci::failure(ErrorCode::invalid,
                        origin + ": unknown value " + oci::quote(name) + ", allowed are " + allowed);
}

oci::Error misplaced(const std::string& origin, const char* property, const char* policies_text) {
    return oci::failure(ErrorCode::invalid,
                        origin + "." + property + ": is only for the policies " + policies_text);
}

}  // namespace

Result<SchedulerPlan> plan_scheduler(const oci::spec::Scheduler& scheduler, const std::string& origin) {
    SchedulerPlan plan;
    plan.policy = TRY(number_of(policies, scheduler.policy, origin + ".policy"));
    for (std::size_t i = 0; i < scheduler.flags.size(); ++i) {
        const std::string place = oci::spec::item_path(origin + ".flags", i);
        plan.flags |= TRY(number_of(flag_names, scheduler.flags[i], place));
    }
    const std::int32_t nice = scheduler.nice.value_or(0);
    if (nice < -20 || nice > 19) {
        return oci::failure(ErrorCode::invalid,
                            origin + ".nice: must be from -20 to 19, found " + std::to_string(nice));
    }
    const std::int32_t priority = scheduler.priority.value_or(0);
    const bool real_time = plan.policy == SCHED_FIFO || plan.policy == SCHED_RR;
    if (priority != 0 && !real_time) return misplaced(origin, "priority", "SCHED_FIFO and SCHED_RR");
    if (priority < 0 || priority > 99) {
        return oci::failure(ErrorCode::invalid,
                            origin + ".priority: must be from 0 to 99, found " + std::to_string(priority));
    }
    plan.nice = nice;
    plan.priority = static_cast<std::uint32_t>(priority);
    plan.runtime = scheduler.runtime.value_or(0);
    plan.deadline = scheduler.deadline.value_or(0);
    plan.period = scheduler.period.value_or(0);
    const bool timed = plan.runtime != 0 || plan.deadline != 0 || plan.period != 0;
    if (timed && plan.policy != SCHED_DEADLINE)
        return misplaced(origin, "runtime, deadline or period", "SCHED_DEADLINE");
    return plan;
}

Result<int> plan_io_priority(const oci::spec::IoPriority& priority, const std::string& origin) {
    const std::uint32_t io_class = TRY(number_of(io_classes, priority.io_class, origin + ".class"));
    if (priority.priority < 0 || priority.priority > 7) {
        return oci::failure(ErrorCode::invalid, origin + ".priority: must be from 0 to 7, found " +
                                                    std::to_string(priority.priority));
    }
    return static_cast<int>(io_class << io_class_shift) | priority.priority;
}

}  // namespace ocirun
