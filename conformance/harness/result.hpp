#pragma once
// What came of a case: its checks, the commands it ran, and the whole of it as JSON and back.

#include <string>
#include <vector>

#include "conformance/harness/json.hpp"

namespace conformance {

enum class Status { passed, failed, skipped };
const char* status_name(Status status);

struct Check {
    std::string what;
    bool ok = false;
    std::string expected;
    std::string observed;
};

struct CommandRecord {
    std::string line;
    int code = 0;
    std::string out;  // cut
    std::string err;  // cut
};

struct CaseResult {
    std::string name;  // "mounts/readonly"
    std::string view;  // "as-mounted"
    Status status = Status::passed;
    std::string reason;  // of a skip, or of an end that was no verdict
    double seconds = 0;
    std::vector<Check> checks;
    std::vector<CommandRecord> commands;
    std::string config;  // the last configuration that was written

    [[nodiscard]] std::string full_name() const {
        return view.empty() || view == "as-mounted" ? name : name + " [" + view + "]";
    }
    /// One line about the first check that failed.
    [[nodiscard]] std::string first_failure() const;
};

/// All results of one tool, as they are stored and merged.
struct ToolReport {
    std::string tool;
    std::string program;
    std::string version;
    std::vector<std::string> notes;  // which dimensions ran, which did not and why
    std::vector<CaseResult> results;

    [[nodiscard]] std::size_t count(Status status) const;
};

Json to_json(const CaseResult& result);
CaseResult result_from_json(const Json& json);
Json to_json(const ToolReport& report);
ToolReport report_from_json(const Json& json);

}  // namespace conformance
