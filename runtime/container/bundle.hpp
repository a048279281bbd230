#pragma once
// A bundle on disk and what is recorded of its configuration. Host process.

#include <string>

#include "base/result.hpp"
#include "runtime/container/container_state.hpp"
#include "runtime/container/state_directory.hpp"
#include "runtime/plan/container_plan.hpp"
#include "spec/runtime/config.hpp"

namespace ocirun {

struct Bundle {
    std::string path;         // absolute
    std::string config_text;  // of config.json
    oci::spec::RuntimeConfig config;
};

/// Reads, parses and validates BUNDLE/config.json (or `config_file` instead, when given). The error
/// lists everything that is wrong.
oci::Result<Bundle> open_bundle(const std::string& path, const std::string& config_file);

/// The hooks of the configuration that create recorded.
oci::Result<HookPlan> recorded_hooks(const StateDirectory& directory, const RecordedState& record);
/// The state that poststart and poststop hooks receive.
std::string recorded_hook_state(const RecordedState& record, const std::string& status);

}  // namespace ocirun
