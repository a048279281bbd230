#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"
#include "spec/json/writer.hpp"
#include "spec/runtime/config_json.hpp"

// validate: every rule of the specification that a config.json breaks. Needs no privileges.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::cli::Completes;
using oci::spec::Finding;

namespace {

constexpr std::size_t config_limit = std::size_t{16} << 20U;

std::string to_json(const std::vector<Finding>& findings) {
    oci::spec::JsonWriter out("  ");
    out.begin_object();
    out.key("valid");
    out.boolean(findings.empty());
    out.key("findings");
    out.begin_array();
    for (const Finding& finding : findings) {
        out.begin_object();
        out.key("line");
        out.number(finding.line);
        out.key("column");
        out.number(finding.column);
        for (const auto& [key, text] :
             {std::pair("path", &finding.path), std::pair("found", &finding.found),
              std::pair("allowed", &finding.allowed), std::pair("section", &finding.section)}) {
            out.key(key);
            out.string(*text);
        }
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return out.take() + "\n";
}

std::string to_lines(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) text += oci::spec::to_text(finding) + "\n";
    return text;
}

Result<int> validate_command(CommandContext& context) {
    const auto& values = *context.values;
    std::string file = values.arguments().empty() ? values.get("bundle") : values.arguments().front();
    if (values.arguments().empty()) file += (file.empty() ? "" : "/") + std::string("config.json");
    const bool input = file == "-";
    if (input) file = "standard input";
    const std::string text = TRY(input ? oci::read_all(oci::BorrowedFd(0), config_limit)
                                       : oci::read_file(oci::current_directory, file, config_limit));
    const std::vector<Finding> findings = TRY(oci::spec::find_violations(text, file));
    if (values.has("json")) {
        TRY(print(to_json(findings)));
    } else {
        TRY(print(findings.empty() ? file + ": valid\n" : to_lines(findings)));
    }
    return findings.empty() ? 0 : 1;
}

}  // namespace

CommandEntry validate_entry() {
    return {
        {.name = "validate",
         .summary = "tell every rule of the specification that a config.json breaks",
         .arguments = "[FILE]",
         .description =
             "Each finding names line, column, JSON path, what was found, what is allowed, and the section "
             "of the specification. Nothing of the host is looked at, and no privileges are needed. FILE - "
             "is standard input. The exit code is 1 when there is a finding.",
         .options = {value("bundle", "DIR", "directory of config.json, the current one by default", "b",
                           Completes::directories),
                     flag("json", "print the findings as JSON")},
         .most_arguments = 1,
         .examples = {"ocirun validate --bundle ./mycontainer", "ocirun validate --json config.json"}},
        validate_command};
}

}  // namespace ocirun
