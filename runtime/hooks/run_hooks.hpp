#pragma once
// Runs hooks: state on standard input, a timeout each. Runs in the host process or, for the kinds that
// belong inside, in init.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/hook_plan.hpp"
#include "runtime/plan/seccomp_plan.hpp"

namespace ocirun {

/// Runs each hook in order with `state_json` on its standard input; the first one that fails, is killed,
/// or exceeds its timeout (it is killed then) ends the run with an error that names the hook
/// ("error running prestart hook #0: hooks.prestart[0] /path: exit status 1", and what it printed on
/// stderr, at most 1 KiB).
/// `working_directory` is the directory the hooks start in (the bundle), empty for the current one.
/// With `filter` they are held to these system calls.
oci::Result<void> run_hooks(const std::vector<PlannedHook>& hooks, const std::string& state_json,
                            const std::string& working_directory, const SeccompPlan* filter = nullptr);

/// Runs every hook whatever the others do and returns the failures (poststop, poststart in older engines).
std::vector<oci::Error> run_hooks_to_the_end(const std::vector<PlannedHook>& hooks,
                                             const std::string& state_json,
                                             const std::string& working_directory);

}  // namespace ocirun
