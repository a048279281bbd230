#include "conformance/harness/report.hpp"

#include <cstdio>

#include "base/text.hpp"

namespace conformance {
namespace {

std::string seconds_text(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", seconds);
    return text;
}

std::string tap_details(const CaseResult& result) {
    std::string text = "  ---\n  message: " + quoted(result.first_failure()) + "\n  checks:\n";
    for (const Check& check : result.checks)
        if (!check.ok)
            text += "    - what: " + quoted(check.what) + "\n      expected: " + quoted(check.expected) +
                    "\n      observed: " + quoted(check.observed) + "\n";
    text += "  commands:\n";
    for (const CommandRecord& command : result.commands)
        text += "    - " + quoted(command.line + " -> " + std::to_string(command.code)) + "\n";
    return text + "  ...\n";
}

}  // namespace

std::string escape_markup(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '&') {
            escaped += "&amp;";
        } else if (c == '<') {
            escaped += "&lt;";
        } else if (c == '>') {
            escaped += "&gt;";
        } else if (c == '"') {
            escaped += "&quot;";
        } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
            escaped += '?';
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string human_line(const CaseResult& result) {
    const char* word = result.status == Status::passed   ? "ok  "
                       : result.status == Status::failed ? "FAIL"
                                                         : "skip";
    std::string line =
        std::string(word) + (result.status == Status::skipped ? " - " : " ") + result.full_name();
    if (result.status == Status::skipped) line += ": " + result.reason;
    line += "\n";
    if (result.status != Status::failed) return line;
    if (!result.reason.empty()) line += "       " + result.reason + "\n";
    for (const Check& check : result.checks)
        if (!check.ok)
            line += "       " + check.what + ": expected " + check.expected + ", observed " +
                    std::string(oci::trim(check.observed)) + "\n";
    return line;
}

bool concerns(const Requirement& requirement, const ToolReport& report) {
    for (const CaseResult& result : report.results)
        for (const std::string& name : requirement.cases)
            if (result.name == name) return true;
    return false;
}

Status verdict_on(const Requirement& requirement, const ToolReport& report) {
    Status verdict = Status::skipped;
    for (const CaseResult& result : report.results) {
        for (const std::string& name : requirement.cases) {
            if (result.name != name) continue;
            if (result.status == Status::failed) return Status::failed;
            if (result.status == Status::passed) verdict = Status::passed;
        }
    }
    return verdict;
}

std::string human_summary(const ToolReport& report, const std::vector<Requirement>& requirements) {
    std::string text;
    for (const std::string& note : report.notes) text += "view " + note + "\n";
    std::size_t met = 0;
    std::size_t broken = 0;
    std::size_t open = 0;
    for (const Requirement& one : requirements) {
        if (!concerns(one, report)) continue;
        const Status verdict = verdict_on(one, report);
        met += verdict == Status::passed ? 1 : 0;
        broken += verdict == Status::failed ? 1 : 0;
        open += verdict == Status::skipped ? 1 : 0;
    }
    text += report.tool + ": " + std::to_string(report.count(Status::passed)) + " passed, " +
            std::to_string(report.count(Status::failed)) + " failed, " +
            std::to_string(report.count(Status::skipped)) + " skipped; requirements: " + std::to_string(met) +
            " met, " + std::to_string(broken) + " not met, " + std::to_string(open) + " without an answer\n";
    return text;
}

std::string tap_report(const std::vector<ToolReport>& reports) {
    std::size_t total = 0;
    for (const ToolReport& report : reports) total += report.results.size();
    std::string text = "TAP version 14\n1.." + std::to_string(total) + "\n";
    std::size_t number = 0;
    for (const ToolReport& report : reports) {
        for (const std::string& note : report.notes) text += "# " + report.tool + ": " + note + "\n";
        for (const CaseResult& result : report.results) {
            text += std::string(result.status == Status::failed ? "not ok " : "ok ") +
                    std::to_string(++number) + " - " + (reports.size() > 1 ? report.tool + ": " : "") +
                    result.full_name();
            if (result.status == Status::skipped) text += " # SKIP " + result.reason;
            text += "\n";
            if (result.status == Status::failed) text += tap_details(result);
        }
    }
    return text;
}

std::string junit_report(const std::vector<ToolReport>& reports) {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
    for (const ToolReport& report : reports) {
        text += "<testsuite name=\"" + escape_markup(report.tool) + "\" tests=\"" +
                std::to_string(report.results.size()) + "\" failures=\"" +
                std::to_string(report.count(Status::failed)) + "\" skipped=\"" +
                std::to_string(report.count(Status::skipped)) + "\">\n";
        for (const CaseResult& result : report.results) {
            text += "<testcase classname=\"" + escape_markup(result.name.substr(0, result.name.find('/'))) +
                    "\" name=\"" + escape_markup(result.full_name()) + "\" time=\"" +
                    seconds_text(result.seconds) + "\">";
            if (result.status == Status::skipped)
                text += "<skipped message=\"" + escape_markup(result.reason) + "\"/>";
            if (result.status == Status::failed)
                text += "<failure message=\"" + escape_markup(result.first_failure()) + "\">" +
                        escape_markup(tap_details(result)) + "</failure>";
            text += "</testcase>\n";
        }
        text += "</testsuite>\n";
    }
    return text + "</testsuites>\n";
}

std::string json_report(const std::vector<ToolReport>& reports) {
    Json json = Json::object();
    Json list = Json::array();
    for (const ToolReport& report : reports) list.push(to_json(report));
    json.put("reports", std::move(list));
    return json.dump() + "\n";
}

}  // namespace conformance
