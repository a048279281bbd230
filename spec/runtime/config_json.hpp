#pragma once
// Reading and writing the documents of the runtime specification.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/json/finding.hpp"
#include "spec/runtime/config.hpp"
#include "spec/runtime/features.hpp"
#include "spec/runtime/state.hpp"
#include "spec/runtime/update.hpp"

namespace oci::spec {

/// Reads config.json without judging its values. `file` names the text in errors, of which there is
/// one a line: `config.json:3:7: process.user.gid: is required (config.md "User")`.
Result<RuntimeConfig> parse_runtime_config(std::string_view text, const std::string& file);
/// Reads config.json and checks it by validate(); findings of both kinds carry their position.
Result<RuntimeConfig> load_runtime_config(std::string_view text, const std::string& file);
/// Everything that is wrong with a config.json: of its types, or when they are right, of its values. The
/// error says that the text is no JSON.
Result<std::vector<Finding>> find_violations(std::string_view text, const std::string& file);
/// Reads a lone process object (exec --process) and checks it as validate_process() does.
Result<Process> parse_process(std::string_view text, const std::string& file);
/// Reads a lone linux.resources object (update --resources) and checks it as validate_resources().
Result<Resources> parse_resources(std::string_view text, const std::string& file);
/// Reads what `update` is given and checks its resources, mounts and devices.
Result<Update> parse_update(std::string_view text, const std::string& file);
/// Reads a lone array of mounts, as crun's `mounts add` takes it.
Result<std::vector<Mount>> parse_mounts(std::string_view text, const std::string& file);
/// Reads the state of a container (runtime.md "State"), and what `features` printed (features.md).
Result<State> parse_state(std::string_view text, const std::string& file);
Result<Features> parse_features(std::string_view text, const std::string& file);

/// Texts in a stable order. `indent` is put once per level; "" gives one line.
std::string to_json(const RuntimeConfig& config, std::string_view indent = "");
std::string to_json(const Process& process, std::string_view indent = "");
std::string to_json(const Resources& resources, std::string_view indent = "");
std::string to_json(const State& state, std::string_view indent = "");
std::string to_json(const ContainerProcessState& state, std::string_view indent = "");
std::string to_json(const Features& features, std::string_view indent = "");

}  // namespace oci::spec
