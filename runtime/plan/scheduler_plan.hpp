#pragma once
// process.scheduler and process.ioPriority as the numbers that the kernel takes. Pure.

#include <string>

#include "base/result.hpp"
#include "runtime/plan/process_plan.hpp"

namespace ocirun {

/// Attributes for sched_setattr(2) (runtime-spec config.md "scheduler").
oci::Result<SchedulerPlan> plan_scheduler(const oci::spec::Scheduler& scheduler, const std::string& origin);
/// class << 13 | priority for ioprio_set(2).
oci::Result<int> plan_io_priority(const oci::spec::IoPriority& priority, const std::string& origin);

}  // namespace ocirun
