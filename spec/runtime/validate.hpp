#pragma once
// The rules of the runtime specification that a well-typed config.json can still break. Pure: nothing
// of the host is looked at.

#include <vector>

#include "spec/json/finding.hpp"
#include "spec/runtime/config.hpp"
#include "spec/runtime/update.hpp"

namespace oci::spec {

/// Every broken rule, each with its JSON path and section; empty for a valid config. Positions are
/// unknown here: load_runtime_config() adds them.
std::vector<Finding> validate(const RuntimeConfig& config);
/// The rules of the process object alone; paths begin with "process".
std::vector<Finding> validate_process(const Process& process);
/// The rules of the resources object alone; paths begin with "linux.resources".
std::vector<Finding> validate_resources(const Resources& resources);
/// The rules of what `update` is given: paths begin with "linux.resources", "mounts" and "deviceNodes".
std::vector<Finding> validate_update(const Update& update);

}  // namespace oci::spec
