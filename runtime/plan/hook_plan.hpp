#pragma once
// The hooks to run, kind by kind.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/runtime/config.hpp"

namespace ocirun {

struct PlannedHook {
    std::string path;                    // absolute
    std::vector<std::string> arguments;  // argv; the path alone when the configuration gives none
    std::vector<std::string> environment;
    std::optional<std::chrono::seconds> timeout;
    std::string origin;  // "hooks.prestart[0]"
};

struct HookPlan {
    std::vector<PlannedHook> prestart;
    std::vector<PlannedHook> create_runtime;
    std::vector<PlannedHook> create_container;
    std::vector<PlannedHook> start_container;
    std::vector<PlannedHook> poststart;
    std::vector<PlannedHook> poststop;
};

/// Pure.
oci::Result<HookPlan> plan_hooks(const oci::spec::RuntimeConfig& config);

}  // namespace ocirun
