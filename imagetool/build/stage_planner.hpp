#pragma once
// One stage of a build, planned line by line: what each instruction does to files and to the configuration.
// Pure.

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/dockerfile/scope.hpp"

namespace ocimg::build {

/// Finds what --from names; `name` is not empty.
using FindTree = std::function<oci::Result<TreeSource>(const std::string& name)>;

class StagePlanner {
public:
    StagePlanner(PlannedStage& stage, dockerfile::StageScope scope, FindTree find_tree, bool allow_insecure)
        : stage_(stage),
          scope_(std::move(scope)),
          find_tree_(std::move(find_tree)),
          allow_insecure_(allow_insecure) {}

    /// Expands the instruction, takes its effect and adds its step. Gives the names of variables that have no
    /// value.
    oci::Result<std::set<std::string>> add(const dockerfile::Instruction& instruction, char escape,
                                           dockerfile::ExpansionBudget& budget);

    [[nodiscard]] const dockerfile::StageScope& scope() const { return scope_; }

private:
    struct Effect;
    oci::Result<void> plan(const dockerfile::Instruction& instruction, PlannedStep& step);
    oci::Result<RunStep> plan_run(const dockerfile::Run& run);
    oci::Result<RunMount> plan_mount(const dockerfile::Mount& mount);
    oci::Result<CopyStep> plan_copy(const dockerfile::Transfer& transfer, const std::string& from);
    [[nodiscard]] std::string absolute(const std::string& path) const;
    [[nodiscard]] std::vector<std::string> shell() const;

    PlannedStage& stage_;
    dockerfile::StageScope scope_;
    FindTree find_tree_;
    bool allow_insecure_;
    bool cmd_is_ours_ = false;  // CMD was given in this stage: ENTRYPOINT leaves it
};

/// The path of the variable PATH where the image has none.
inline constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace ocimg::build
