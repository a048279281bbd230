// Checks of how things are written: casing, names of stages, comments.

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "imagetool/dockerfile/check_rules.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::to_lower;
using oci::to_upper;

namespace {

bool is_lower(const std::string& word) {
    return word == to_lower(word);
}
bool is_upper(const std::string& word) {
    return word == to_upper(word);
}

void check_from(const Stage& stage, std::set<std::string>& seen, Findings& findings) {
    const From& from = stage.from;
    if (from.name.empty()) return;
    if (!is_lower(from.name_as_written)) {
        findings.add("StageNameCasing", stage.from_line,
                     "the stage's name " + quote(from.name_as_written) + " is not in lower case",
                     from.name_as_written);
    }
    const std::string& keyword = stage.from_line.keyword;
    if ((is_lower(keyword) && !is_lower(from.as_as_written)) ||
        (is_upper(keyword) && !is_upper(from.as_as_written))) {
        findings.add("FromAsCasing", stage.from_line,
                     quote(from.as_as_written) + " is not in the case of " + quote(keyword),
                     " " + from.as_as_written + " ");
    }
    if (!seen.insert(from.name).second) {
        findings.add("DuplicateStageName", stage.from_line,
                     "an earlier stage has the name " + quote(from.name) + " too", from.name_as_written);
    }
    if (from.name == "scratch" || from.name == "context") {
        findings.add("ReservedStageName", stage.from_line,
                     quote(from.name) + " has a meaning of its own and should not name a stage",
                     from.name_as_written);
    }
}

/// The comment above a named stage or an argument should begin with the name.
void check_comment(const Instruction& instruction, const std::vector<std::string>& names,
                   Findings& findings) {
    if (instruction.comments.empty() || names.empty() || !instruction.skipped_checks.empty()) return;
    const std::string& last = instruction.comments.back();
    const std::string first_word = last.substr(0, last.find(' '));
    if (std::find(names.begin(), names.end(), first_word) != names.end()) return;
    const std::string name = names.size() == 1 ? names.front() : "NAME";
    findings.add("InvalidDefinitionDescription", instruction,
                 "the comment above does not begin with the name: \"# " + name +
                     " ...\" describes it, an empty line between makes it a comment like others");
}

void check_comments(const Instruction& instruction, Findings& findings) {
    if (const auto* arg = std::get_if<Arg>(&instruction.body)) {
        std::vector<std::string> names;
        for (const Argument& argument : arg->arguments) names.push_back(argument.name);
        check_comment(instruction, names, findings);
    } else if (const auto* from = std::get_if<From>(&instruction.body);
               from != nullptr && !from->name.empty()) {
        check_comment(instruction, {from->name}, findings);
    }
}

void check_casing(const std::vector<const Instruction*>& all, Findings& findings) {
    std::size_t lower = 0;
    std::size_t upper = 0;
    for (const Instruction* one : all) {
        if (is_lower(one->keyword)) ++lower;
        if (is_upper(one->keyword)) ++upper;
    }
    const bool want_lower = lower > upper;
    for (const Instruction* one : all) {
        if (want_lower ? is_lower(one->keyword) : is_upper(one->keyword)) continue;
        findings.add("ConsistentInstructionCasing", *one,
                     quote(one->keyword) + " is not in " + (want_lower ? "lower" : "upper") +
                         " case, as most instructions of the file are");
    }
}

}  // namespace

void check_names(const Dockerfile& file, Findings& findings) {
    std::set<std::string> seen;
    std::vector<const Instruction*> all;
    for (const Instruction& arg : file.global_args) check_comments(arg, findings);
    for (const Stage& stage : file.stages) {
        check_from(stage, seen, findings);
        check_comments(stage.from_line, findings);
        all.push_back(&stage.from_line);
        for (const Instruction& instruction : stage.instructions) {
            check_comments(instruction, findings);
            all.push_back(&instruction);
        }
    }
    check_casing(all, findings);
}

}  // namespace ocimg::dockerfile
