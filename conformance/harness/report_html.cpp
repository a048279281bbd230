#include "base/text.hpp"
#include "conformance/harness/report.hpp"

namespace conformance {
namespace {

constexpr std::string_view page_head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>OCI conformance</title><style>
body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:78em;padding:0 1em;color:#1b1b1b}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #d5d5d5;padding:.3em .5em;vertical-align:top;text-align:left}
.passed{background:#d9f2dc}.failed{background:#f8d4d2}.skipped,.none{background:#ececec;color:#555}
td.verdict{width:7em;white-space:nowrap}code,pre{font:12px/1.35 ui-monospace,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f7f7f7;padding:.5em;margin:.3em 0}
small{color:#666}details{margin:.2em 0}summary{cursor:pointer}h2{margin-top:2em}
</style></head><body><h1>OCI conformance</h1>
)";

std::string cell(const Requirement& requirement, const ToolReport& report) {
    if (!requirement.untested.empty()) return "<td class=\"verdict none\">untested</td>";
    if (!concerns(requirement, report)) return "<td class=\"verdict none\">not run</td>";
    const Status verdict = verdict_on(requirement, report);
    std::string text =
        std::string("<td class=\"verdict ") + status_name(verdict) + "\">" + status_name(verdict);
    if (verdict == Status::failed)
        for (const CaseResult& result : report.results)
            for (const std::string& name : requirement.cases)
                if (result.name == name && result.status == Status::failed)
                    text += "<br><a href=\"#" + escape_markup(report.tool + "-" + result.full_name()) +
                            "\">" + escape_markup(result.full_name()) + "</a>";
    return text + "</td>";
}

std::string requirement_row(const Requirement& requirement, const std::vector<ToolReport>& reports) {
    std::string text = "<tr><td><code>" + escape_markup(requirement.id) + "</code> <b>" +
                       escape_markup(requirement.level) + "</b><br>" + escape_markup(requirement.text);
    if (requirement.untested.empty()) {
        text += "<br><small>" + escape_markup(oci::join(requirement.cases, ", ")) + "</small>";
    } else {
        text += "<br><small>untested: " + escape_markup(requirement.untested) + "</small>";
    }
    text += "</td>";
    for (const ToolReport& report : reports) text += cell(requirement, report);
    return text + "</tr>\n";
}

std::string tool_heads(const std::vector<ToolReport>& reports) {
    std::string text = "<tr><th>requirement</th>";
    for (const ToolReport& report : reports) text += "<th>" + escape_markup(report.tool) + "</th>";
    return text + "</tr>\n";
}

std::string failing_case(const ToolReport& report, const CaseResult& result) {
    std::string text = "<details id=\"" + escape_markup(report.tool + "-" + result.full_name()) +
                       "\"><summary class=\"failed\">" +
                       escape_markup(report.tool + ": " + result.full_name()) + "</summary>";
    if (!result.reason.empty()) text += "<p>" + escape_markup(result.reason) + "</p>";
    text += "<table><tr><th>check</th><th>expected</th><th>observed</th></tr>\n";
    for (const Check& check : result.checks)
        text += std::string("<tr class=\"") + (check.ok ? "passed" : "failed") + "\"><td>" +
                escape_markup(check.what) + "</td><td><code>" + escape_markup(check.expected) +
                "</code></td><td><code>" + escape_markup(check.observed) + "</code></td></tr>\n";
    text += "</table>";
    for (const CommandRecord& command : result.commands)
        text += "<pre>$ " + escape_markup(command.line) + "\nexit " + std::to_string(command.code) + "\n" +
                escape_markup(command.out) + escape_markup(command.err) + "</pre>";
    if (!result.config.empty()) text += "<p>config.json</p><pre>" + escape_markup(result.config) + "</pre>";
    return text + "</details>\n";
}

std::string tool_table(const std::vector<ToolReport>& reports) {
    std::string text =
        "<table><tr><th>tool</th><th>version</th><th>passed</th><th>failed</th><th>skipped</th><th>views</"
        "th></tr>\n";
    for (const ToolReport& report : reports)
        text += "<tr><td>" + escape_markup(report.tool) + "</td><td>" + escape_markup(report.version) +
                "</td><td class=\"passed\">" + std::to_string(report.count(Status::passed)) +
                "</td><td class=\"failed\">" + std::to_string(report.count(Status::failed)) +
                "</td><td class=\"skipped\">" + std::to_string(report.count(Status::skipped)) + "</td><td>" +
                escape_markup(oci::join(report.notes, "; ")) + "</td></tr>\n";
    return text + "</table>\n";
}

}  // namespace

std::string html_report(const std::vector<ToolReport>& reports,
                        const std::vector<Requirement>& requirements) {
    std::string text = std::string(page_head) + tool_table(reports);
    std::string section;
    for (const Requirement& requirement : requirements) {
        bool relevant = false;
        for (const ToolReport& report : reports)
            relevant = relevant || concerns(requirement, report) || !requirement.untested.empty();
        if (!relevant) continue;
        const std::string its_section =
            requirement.spec + ", " + requirement.file + ": " + requirement.heading;
        if (its_section != section) {
            if (!section.empty()) text += "</table>\n";
            section = its_section;
            text += "<h2>" + escape_markup(section) + "</h2>\n<table>" + tool_heads(reports);
        }
        text += requirement_row(requirement, reports);
    }
    if (!section.empty()) text += "</table>\n";
    text += "<h2>Cases that failed</h2>\n";
    for (const ToolReport& report : reports)
        for (const CaseResult& result : report.results)
            if (result.status == Status::failed) text += failing_case(report, result);
    return text +
           "<script>addEventListener('hashchange',()=>{const e=document.getElementById(decodeURIComponent("
           "location.hash.slice(1)));if(e)e.open=true})</script></body></html>\n";
}

}  // namespace conformance
