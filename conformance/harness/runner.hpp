#pragma once
// Runs the selected cases of one tool, several at a time, and gathers their results.

#include <functional>
#include <string>
#include <vector>

#include "conformance/harness/case.hpp"
#include "conformance/harness/requirements.hpp"

namespace conformance {

struct RunOptions {
    std::vector<std::string> select;  // parts of case names or requirement ids; empty: all
    std::vector<View> views;
    std::size_t jobs = 2;
    std::chrono::seconds limit{30};
    bool keep = false;
    std::string work;   // directory for the cases
    std::string probe;  // path of the probe program
    std::string data;
    std::string texts;                                 // directory of the specifications, for their schemas
    std::vector<std::string> except;                   // parts of case names that are left out
    std::function<void(const CaseResult&)> on_result;  // as each case ends
};

/// The cases of a kind that the selection names, in order.
std::vector<const CaseEntry*> select_cases(const std::string& kind, const RunOptions& options,
                                           const std::vector<Requirement>& requirements);

/// Runs them. The report has one result for each case and view.
oci::Result<ToolReport> run_cases(const ToolProfile& tool, const std::vector<const CaseEntry*>& cases,
                                  const RunOptions& options);

}  // namespace conformance
