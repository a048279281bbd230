#pragma once
// The forms in which results are told.

#include <string>
#include <vector>

#include "conformance/harness/requirements.hpp"
#include "conformance/harness/result.hpp"

namespace conformance {

/// One line for a person: "FAIL mounts/readonly: ...".
std::string human_line(const CaseResult& result);
/// Counts, dimensions, and requirements by level: what a person reads last.
std::string human_summary(const ToolReport& report, const std::vector<Requirement>& requirements);
/// Test Anything Protocol, version 14.
std::string tap_report(const std::vector<ToolReport>& reports);
std::string junit_report(const std::vector<ToolReport>& reports);
std::string json_report(const std::vector<ToolReport>& reports);
/// One page without anything from elsewhere: requirements by section, the tools side by side.
std::string html_report(const std::vector<ToolReport>& reports, const std::vector<Requirement>& requirements);

/// What the results say of one requirement: the worst of its cases; `skipped` when none ran.
Status verdict_on(const Requirement& requirement, const ToolReport& report);
/// Whether the report has any case of the requirement.
bool concerns(const Requirement& requirement, const ToolReport& report);
/// Text for HTML and XML.
std::string escape_markup(const std::string& text);

}  // namespace conformance
