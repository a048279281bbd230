#pragma once
// Compiled seccomp programs: kept by content below the state root, and beside each container for exec.

#include <string>

#include "base/result.hpp"
#include "runtime/container/state_directory.hpp"
#include "runtime/plan/seccomp_plan.hpp"

namespace ocirun {

/// Compiles rules, or takes the program that an earlier container with equal rules left in
/// ROOT/.cache/seccomp. The cache may be deleted at any time.
class SeccompCache {
public:
    explicit SeccompCache(std::string root) : root_(std::move(root)) {}
    oci::Result<SeccompPlan> compile(const oci::spec::Seccomp& seccomp, const std::string& origin);
    /// For PlanRequest: `context` is the cache.
    static oci::Result<SeccompPlan> compile_with(const oci::spec::Seccomp& seccomp, const std::string& origin,
                                                 void* context);

private:
    std::string root_;
};

/// The container's program, for exec. A container without a filter has none.
oci::Result<void> record_filter(const StateDirectory& directory, const SeccompPlan& plan);
oci::Result<SeccompPlan> recorded_filter(const StateDirectory& directory);

}  // namespace ocirun
