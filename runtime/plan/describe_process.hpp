#pragma once
// The words of `describe` for the process: limits, identity, capabilities, the program. Pure.

#include <vector>

#include "runtime/plan/container_plan.hpp"

namespace ocirun {

/// Steps between the pivot and the wait for `start`.
void describe_process_setup(const ContainerPlan& plan, std::vector<PlanStep>& steps);
/// The last steps: seccomp and the program itself.
void describe_execution(const ContainerPlan& plan, std::vector<PlanStep>& steps);

}  // namespace ocirun
