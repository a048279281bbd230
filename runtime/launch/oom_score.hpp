#pragma once
// Gives process.oomScoreAdj to a process by inheritance. Runs in the host process.

#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/process_plan.hpp"

namespace ocirun {

/// While it lives, this process has the score that a clone is to inherit; then its own again. The clone
/// itself could not set it: the files in /proc of a process in another user namespace that protects its
/// memory belong to the machine's root.
class OomScore {
public:
    /// Takes the plan's score, if there is a plan and it has one. Lowering it needs CAP_SYS_RESOURCE: a
    /// refusal is an error but where plan.oom_score_may_fail says otherwise.
    static oci::Result<OomScore> take(const ProcessPlan* plan, oci::BorrowedFd proc);

    OomScore() = default;
    ~OomScore();
    OomScore(OomScore&& other) noexcept;
    OomScore& operator=(OomScore&&) = delete;
    OomScore(const OomScore&) = delete;
    OomScore& operator=(const OomScore&) = delete;

    /// The old score again; after the clone, in the process that cloned.
    void give_back();

private:
    std::optional<oci::Fd> file_;  // open where there is something to give back
    std::string own_;
};

}  // namespace ocirun
