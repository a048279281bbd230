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
    std::string origin;       // "hooks.prestart[0]"
    std::string output_file;  // appended to instead of being thrown away; empty: none
    std::string error_file;   // the same for standard error
};

struct HookPlan {
    std::vector<PlannedHook> prestart;
    std::vector<PlannedHook> create_runtime;
    std::vector<PlannedHook> create_container;
    std::vector<PlannedHook> start_container;
    std::vector<PlannedHook> poststart;
    std::vector<PlannedHook> poststop;
};

/// Lets the hooks that run on the host write their output into these files.
void redirect_hooks(HookPlan& plan, const std::string& output_file, const std::string& error_file);

/// Pure.
oci::Result<HookPlan> plan_hooks(const oci::spec::RuntimeConfig& config);

}  // namespace ocirun
