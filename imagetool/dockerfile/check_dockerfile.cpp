#include "imagetool/dockerfile/check_dockerfile.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/check_rules.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"
#include "imagetool/dockerfile/port.hpp"
#include "spec/image/reference.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

std::string suggestion(std::string_view name, const std::vector<std::string>& names) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    return did_you_mean(name, views);
}

/// Goes through the file as a build would, and looks at what every variable is.
class Walk {
public:
    Walk(const Dockerfile& file, const CheckRequest& request, Findings& findings)
        : file_(file),
          request_(request),
          findings_(findings),
          globals_(with_target(file, request.arguments)) {}

    Result<void> run() {
        check_defaults();
        for (const Instruction& arg : file_.global_args)
            TRY(at(arg, globals_.define(arg, file_.directives.escape, budget_)));
        for (std::size_t i = 0; i < file_.stages.size(); ++i) TRY(stage(i));
        return {};
    }

private:
    static BuildArguments with_target(const Dockerfile& file, BuildArguments arguments) {
        if (arguments.target_stage.empty()) arguments.target_stage = file.stages.back().from.name;
        return arguments;
    }

    template <class T>
    Result<T> at(const Instruction& line, Result<T> result) const {
        if (result.has_value()) return result;
        const std::string& message = result.error().text;
        const Place lines{.line = line.lines.first, .last_line = line.lines.last};
        return error_at(file_.file, file_.text, place_of_message(file_.text, lines, message), message);
    }

    /// Base names as they are when no build argument is given.
    void check_defaults() {
        BuildArguments plain = request_.arguments;
        plain.values.clear();
        GlobalScope scope(plain);
        ExpansionBudget budget;
        for (const Instruction& arg : file_.global_args)
            if (!scope.define(arg, file_.directives.escape, budget)) return;
        for (const Stage& stage : file_.stages) {
            const auto image =
                expand_word(stage.from.image, scope.lookup(), {.escape = file_.directives.escape}, budget);
            if (!image) return;
            if (image->used.empty() && image->unset.empty()) continue;
            if (image->text.empty() || !oci::spec::parse_reference(image->text)) {
                findings_.add("InvalidDefaultArgInFrom", stage.from_line,
                              "without build arguments " + quote(stage.from.image) + " is " +
                                  quote(image->text) + ", which names no image",
                              stage.from.image);
            }
        }
    }

    void undefined_in_from(const Instruction& line, const std::set<std::string>& unset) {
        const auto names = globals_.names();
        for (const std::string& name : unset) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            findings_.add("UndefinedArgInFrom", line,
                          "no ARG before the first FROM declares " + quote(name) + suggestion(name, names),
                          name);
        }
    }

    void check_platform(const Stage& stage, const std::string& expanded) {
        if (stage.from.platform.empty()) return;
        ExpansionBudget budget;
        const auto word =
            expand_word(stage.from.platform, globals_.lookup(), {.escape = file_.directives.escape}, budget);
        if (!word) return;
        if (word->used.size() == 1 && word->unset.empty() && word->used.contains("TARGETPLATFORM") &&
            expanded == globals_.find("TARGETPLATFORM")) {
            findings_.add("RedundantTargetPlatform", stage.from_line,
                          "--platform=" + stage.from.platform + " is what FROM takes anyway", "--platform");
        }
        if (!word->used.empty() || !word->unset.empty()) return;
        const auto platform = oci::spec::parse_platform(expanded);
        if (!platform) return;
        const bool named = stage.from.name.find(platform->os) != std::string::npos ||
                           stage.from.name.find(platform->architecture) != std::string::npos;
        if (!named) {
            findings_.add("FromPlatformFlagConstDisallowed", stage.from_line,
                          "--platform is always " + quote(expanded) + ", whatever is built for",
                          "--platform");
        }
    }

    /// The scope a stage begins with, and whether all of its variables are known.
    std::pair<StageScope, bool> base_of(const Stage& stage, const From& from) {
        if (const auto known = stages_.find(oci::to_lower(from.image)); known != stages_.end())
            return {StageScope(globals_, known->second.first), known->second.second};
        if (from.image == "scratch") return {StageScope(globals_, {"PATH=/bin"}), true};
        oci::spec::Platform wanted = request_.arguments.target_platform;
        if (!from.platform.empty())
            if (auto platform = oci::spec::parse_platform(from.platform)) wanted = std::move(*platform);
        const auto facts = request_.base_facts ? request_.base_facts(from.image, wanted) : std::nullopt;
        if (!facts) return {StageScope(globals_, {}), false};
        if (facts->platform && !oci::spec::platform_distance(wanted, *facts->platform)) {
            findings_.add(
                "InvalidBaseImagePlatform", stage.from_line,
                quote(from.image) + " is for " + to_text(*facts->platform) + ", wanted is " + to_text(wanted),
                stage.from.image);
        }
        return {StageScope(globals_, facts->env), true};
    }

    void undefined_in(const Instruction& line, const Expanded& expanded, const StageScope& scope,
                      bool all_known) {
        const auto declared = scope.history_args();
        for (const std::string& name : expanded.unset) {
            const bool is_declared =
                std::any_of(declared.begin(), declared.end(),
                            [&](const std::string& one) { return one.starts_with(name + "="); });
            if (is_declared || is_proxy_argument(name)) continue;
            const std::string meant = suggestion(name, scope.names());
            if (!all_known && (meant.empty() || name == "PATH")) continue;
            findings_.add("UndefinedVar", line, "nothing defines the variable " + quote(name) + meant, name);
        }
    }

    Result<void> stage(std::size_t index) {
        const Stage& stage = file_.stages[index];
        const char escape = file_.directives.escape;
        const auto expanded =
            TRY(at(stage.from_line, expand_instruction(stage.from_line, globals_.lookup(), escape, budget_)));
        const From& from = std::get<From>(expanded.instruction.body);
        undefined_in_from(stage.from_line, expanded.unset);
        check_platform(stage, from.platform);
        auto [scope, all_known] = base_of(stage, from);
        for (const Instruction& line : stage.instructions) {
            const auto entered = TRY(at(line, scope.enter(line, escape, budget_)));
            undefined_in(line, entered, scope, all_known);
            if (const auto* expose = std::get_if<Expose>(&entered.instruction.body))
                for (const std::string& port : expose->ports) TRY(at(line, parse_port(port)));
            if (request_.ignore != nullptr) check_ignored(entered.instruction, *request_.ignore, findings_);
        }
        if (!from.name.empty()) stages_.insert_or_assign(from.name, std::pair(scope, all_known));
        return {};
    }

    const Dockerfile& file_;
    const CheckRequest& request_;
    Findings& findings_;
    GlobalScope globals_;
    ExpansionBudget budget_;
    std::map<std::string, std::pair<StageScope, bool>> stages_;
};

}  // namespace

CheckReport check_dockerfile(const Dockerfile& file, const CheckRequest& request) {
    CheckReport report;
    Findings findings(file, request.options);
    for (const Finding& warning : file.warnings) findings.add(warning.rule, warning.place, warning.message);
    check_names(file, findings);
    check_instructions(file, findings);
    const auto walked = Walk(file, request, findings).run();
    if (!walked) report.error = walked.error().text;
    report.findings = findings.take();
    report.failed =
        !report.error.empty() || (request.options.warnings_are_errors && !report.findings.empty());
    return report;
}

}  // namespace ocimg::dockerfile
