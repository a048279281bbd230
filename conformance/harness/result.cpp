#include "conformance/harness/result.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"

namespace conformance {
namespace {

/// Tools and bad documents may hold any bytes; a report is UTF-8.
Json report_text(std::string text) {
    if (!oci::is_utf8(text))
        for (char& c : text)
            if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    return Json::text(std::move(text));
}

}  // namespace

const char* status_name(Status status) {
    switch (status) {
        case Status::passed:
            return "passed";
        case Status::failed:
            return "failed";
        case Status::skipped:
            return "skipped";
    }
    return "failed";
}

std::string CaseResult::first_failure() const {
    if (!reason.empty()) return reason;
    for (const Check& check : checks)
        if (!check.ok) return check.what + ": expected " + check.expected + ", observed " + check.observed;
    return {};
}

std::size_t ToolReport::count(Status status) const {
    return static_cast<std::size_t>(std::count_if(
        results.begin(), results.end(), [&](const CaseResult& result) { return result.status == status; }));
}

Json to_json(const CaseResult& result) {
    Json json = Json::object();
    json.put("name", Json::text(result.name));
    json.put("view", Json::text(result.view));
    json.put("status", Json::text(status_name(result.status)));
    json.put("reason", Json::text(result.reason));
    json.put("milliseconds", Json::number(static_cast<long long>(result.seconds * 1000)));
    Json checks = Json::array();
    for (const Check& check : result.checks) {
        Json item = Json::object();
        item.put("what", Json::text(check.what));
        item.put("ok", Json::boolean(check.ok));
        item.put("expected", report_text(check.expected));
        item.put("observed", report_text(check.observed));
        checks.push(std::move(item));
    }
    json.put("checks", std::move(checks));
    Json commands = Json::array();
    for (const CommandRecord& command : result.commands) {
        Json item = Json::object();
        item.put("command", report_text(command.line));
        item.put("exit", Json::number(command.code));
        item.put("stdout", report_text(command.out));
        item.put("stderr", report_text(command.err));
        commands.push(std::move(item));
    }
    json.put("commands", std::move(commands));
    json.put("config", report_text(result.config));
    return json;
}

CaseResult result_from_json(const Json& json) {
    CaseResult result;
    result.name = json["name"].str();
    result.view = json["view"].str();
    const std::string& status = json["status"].str();
    result.status = status == "passed"    ? Status::passed
                    : status == "skipped" ? Status::skipped
                                          : Status::failed;
    result.reason = json["reason"].str();
    result.seconds = static_cast<double>(json["milliseconds"].integer()) / 1000;
    for (const Json& item : json["checks"].items())
        result.checks.push_back(
            {item["what"].str(), item["ok"].truth(), item["expected"].str(), item["observed"].str()});
    for (const Json& item : json["commands"].items())
        result.commands.push_back({item["command"].str(), static_cast<int>(item["exit"].integer()),
                                   item["stdout"].str(), item["stderr"].str()});
    result.config = json["config"].str();
    return result;
}

Json to_json(const ToolReport& report) {
    Json json = Json::object();
    json.put("tool", Json::text(report.tool));
    json.put("program", Json::text(report.program));
    json.put("version", Json::text(report.version));
    json.put("notes", Json::array_of(report.notes));
    Json results = Json::array();
    for (const CaseResult& result : report.results) results.push(to_json(result));
    json.put("results", std::move(results));
    return json;
}

ToolReport report_from_json(const Json& json) {
    ToolReport report;
    report.tool = json["tool"].str();
    report.program = json["program"].str();
    report.version = json["version"].str();
    for (const Json& note : json["notes"].items()) report.notes.push_back(note.str());
    for (const Json& result : json["results"].items()) report.results.push_back(result_from_json(result));
    return report;
}

}  // namespace conformance
