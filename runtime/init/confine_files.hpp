#pragma once
// The process's Landlock rules, ready to be put in force. Runs in init and exec processes, after the pivot.

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/process_plan.hpp"

namespace ocirun {

/// The ruleset with its paths looked up in the container; closed without rules.
oci::Result<oci::Fd> prepare_landlock(const ProcessPlan& process);

}  // namespace ocirun
