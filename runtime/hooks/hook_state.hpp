#pragma once
// The container's state as hooks and seccomp agents receive it (runtime-spec runtime.md "State").

#include <string>

#include "runtime/plan/container_plan.hpp"

namespace ocirun {

/// The specification's version that states and features report.
inline constexpr const char* spec_version = "1.3.0";

/// The state as compact JSON; `pid` is the host's number, 0 leaves it out.
std::string hook_state_json(const ContainerPlan& plan, const std::string& status, int pid);

/// What a seccomp agent receives beside the listener descriptor (config-linux.md "The Container Process
/// State").
std::string listener_state_json(const ContainerPlan& plan, const std::string& status, int pid);

}  // namespace ocirun
