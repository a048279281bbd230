// The table of the checks, what they find, and how it is shown.

#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "imagetool/dockerfile/check_rules.hpp"
#include "spec/json/writer.hpp"

namespace ocimg::dockerfile {

const std::vector<CheckRule>& check_rules() {
    static const std::vector<CheckRule> rules = {
        {"ConsistentInstructionCasing", "instructions are all in upper case or all in lower case"},
        {"CopyIgnoredFile", "COPY and ADD cannot bring what the ignore file leaves out"},
        {"DuplicateStageName", "every stage has a name of its own"},
        {"ExposeInvalidFormat", "EXPOSE names ports of the container only"},
        {"ExposeProtoCasing", "protocols of EXPOSE are in lower case"},
        {"FromAsCasing", "AS is in the case of FROM"},
        {"FromPlatformFlagConstDisallowed", "--platform of FROM follows the build, by a variable"},
        {"InvalidBaseImagePlatform", "a base image is made for the platform that is built"},
        {"InvalidDefaultArgInFrom", "defaults of ARG give a usable base image"},
        {"InvalidDefinitionDescription", "a comment above a stage or argument begins with its name", true},
        {"JSONArgsRecommended", "CMD and ENTRYPOINT are JSON arrays, so that signals reach the program"},
        {"LegacyKeyValueFormat", "ENV and LABEL are written NAME=VALUE"},
        {"MaintainerDeprecated", "a label names the author, not MAINTAINER"},
        {"MultipleInstructionsDisallowed", "CMD, ENTRYPOINT and HEALTHCHECK stand once in a stage"},
        {"NoEmptyContinuation", "a continuation has no empty lines"},
        {"RedundantTargetPlatform", "the target's platform needs no --platform"},
        {"ReservedStageName", "scratch and context name no stages"},
        {"SecretsUsedInArgOrEnv", "secrets are no arguments and no variables"},
        {"StageNameCasing", "names of stages are in lower case"},
        {"UndefinedArgInFrom", "variables in FROM are declared before it"},
        {"UndefinedVar", "variables are defined before they are used"},
        {"WorkdirRelativePath", "the first WORKDIR of a stage is absolute"},
    };
    return rules;
}

namespace {

const CheckRule* rule_of(std::string_view name) {
    for (const CheckRule& rule : check_rules())
        if (rule.name == name) return &rule;
    return nullptr;
}

void write_range(oci::spec::JsonWriter& out, const Place& place) {
    out.key("location");
    out.begin_object();
    out.key("ranges");
    out.begin_array();
    out.begin_object();
    for (const auto& [name, line, column] : {std::tuple("start", place.line, place.column),
                                             std::tuple("end", place.last_line, std::uint32_t{0})}) {
        out.key(name);
        out.begin_object();
        out.key("line");
        out.number(line);
        if (column != 0) {
            out.key("character");
            out.number(column - 1);
        }
        out.end_object();
    }
    out.end_object();
    out.end_array();
    out.end_object();
}

}  // namespace

Findings::Findings(const Dockerfile& file, const CheckOptions& options) : file_(file), options_(options) {
    for (std::size_t at = 0; at != std::string::npos && at <= file.text.size();) {
        line_starts_.push_back(at);
        at = file.text.find('\n', at);
        if (at != std::string::npos) ++at;
    }
}

bool Findings::counts(std::string_view rule) const {
    const std::string name = oci::to_lower(rule);
    const CheckRule* known = rule_of(rule);
    if (known != nullptr && known->experimental && !options_.all_experimental &&
        !options_.experimental.contains(name))
        return false;
    return !options_.skip_all && !options_.skipped.contains(name);
}

std::string_view Findings::line_of(std::uint32_t number) const {
    if (number == 0 || number > line_starts_.size()) return {};
    const std::string_view rest = std::string_view(file_.text).substr(line_starts_[number - 1]);
    return rest.substr(0, rest.find('\n'));
}

Place Findings::place_of(const LineRange& lines, std::string_view word) const {
    const std::size_t begin = line_of(lines.first).find_first_not_of(" \t");
    const Place place{
        lines.first, begin == std::string_view::npos ? 0 : static_cast<std::uint32_t>(begin + 1), lines.last};
    if (word.empty()) return place;
    for (std::uint32_t line = lines.first; line <= lines.last && line <= line_starts_.size(); ++line) {
        const std::size_t at = line_of(line).find(word);
        if (at == std::string_view::npos) continue;
        const std::size_t blanks = word.starts_with(' ') ? 1 : 0;
        return {line, static_cast<std::uint32_t>(at + blanks + 1), lines.last};
    }
    return place;
}

void Findings::add(std::string_view rule, const Instruction& at, std::string message, std::string_view word) {
    for (const std::string& skipped : at.skipped_checks)
        if (skipped == "all" || skipped == oci::to_lower(rule)) return;
    if (counts(rule)) add(rule, place_of(at.lines, word), std::move(message));
}

void Findings::add(std::string_view rule, const Place& place, std::string message) {
    if (!counts(rule)) return;
    const CheckRule* known = rule_of(rule);
    found_.push_back({std::string(rule), std::move(message),
                      std::string(known == nullptr ? std::string_view() : known->description), place});
}

std::vector<Finding> Findings::take() {
    std::stable_sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
        return std::tie(a.place.line, a.rule) < std::tie(b.place.line, b.rule);
    });
    return std::move(found_);
}

std::string to_text(const CheckReport& report, const Dockerfile& file) {
    std::string text;
    std::string_view rest =
        file.text;  // from the line of the finding on: they stand in the order of their lines
    std::uint32_t line = 1;
    for (const Finding& finding : report.findings) {
        for (; line < finding.place.line && !rest.empty(); ++line)
            rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
        text += show_in_line(file.file, rest.substr(0, rest.find('\n')), finding.place,
                             finding.rule + ": " + finding.message) +
                "\n";
    }
    if (!report.error.empty()) text += "error: " + report.error + "\n";
    if (report.findings.empty() && report.error.empty()) return file.file + ": no warnings\n";
    if (!report.findings.empty())
        text += file.file + ": " + oci::count_of(report.findings.size(), "warning") + "\n";
    return text;
}

std::string to_json(const CheckReport& report, const Dockerfile& file) {
    oci::spec::JsonWriter out("  ");
    out.begin_object();
    out.key("file");
    out.string(file.file);
    out.key("warnings");
    out.begin_array();
    for (const Finding& finding : report.findings) {
        out.begin_object();
        out.key("ruleName");
        out.string(finding.rule);
        out.key("description");
        out.string(finding.description);
        out.key("detail");
        out.string(finding.message);
        write_range(out, finding.place);
        out.end_object();
    }
    out.end_array();
    if (!report.error.empty()) {
        out.key("error");
        out.string(report.error);
    }
    out.end_object();
    return out.take() + "\n";
}

}  // namespace ocimg::dockerfile
