#pragma once
// Landlock rules of the process, read from an annotation as the open proposal for config.json has them
// (runtime-spec pull request 1241, process.landlock). Experimental. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ocirun {

/// What is allowed below some paths of the container.
struct LandlockRule {
    std::uint64_t allowed = 0;  // LANDLOCK_ACCESS_FS_*
    std::vector<std::string> paths;
    std::string origin;  // "annotations: ocirun.landlock: rules.pathBeneath[0]"
};

struct LandlockPlan {
    std::uint64_t handled = 0;  // LANDLOCK_ACCESS_FS_*: forbidden unless a rule allows it
    std::vector<LandlockRule> rules;
    bool best_effort = true;  // what the kernel does not know is left out; else an error
};

/// The annotation's JSON: {"ruleset": {"handledAccessFS": [...]}, "rules": {"pathBeneath":
/// [{"allowedAccess": [...], "paths": [...]}]}, "disableBestEffort": false}.
oci::Result<LandlockPlan> plan_landlock(const std::string& text);

}  // namespace ocirun
