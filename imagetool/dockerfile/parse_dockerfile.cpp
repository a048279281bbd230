#include "imagetool/dockerfile/parse_dockerfile.hpp"

#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/heredoc.hpp"
#include "imagetool/dockerfile/logical_lines.hpp"
#include "imagetool/dockerfile/parse_instruction.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// Reads a line's statement, its heredoc bodies and its typed body.
Result<Instruction> read_instruction(LineReader& reader, LogicalLine& line) {
    if (!oci::is_utf8(line.text)) return reader.error_at(line.place_of(0), "the line is not UTF-8");
    Statement statement = make_statement(reader, line, 0);
    if (may_have_heredocs(statement)) {
        for (Heredoc& heredoc : heredocs_of(line.text)) {
            heredoc.content = TRY(reader.read_body(heredoc.name, heredoc.chomp, line));
            statement.heredocs.push_back(std::move(heredoc));
        }
    }
    Instruction instruction;
    instruction.body = TRY(parse_body(statement));
    instruction.lines = {line.first_line, line.last_line};
    instruction.keyword = line.text.substr(statement.name_offset, statement.name.size());
    instruction.text = oci::trim(line.text);
    instruction.skipped_checks = skipped_checks_of(line.comments);
    instruction.comments = std::move(line.comments);
    return instruction;
}

void warn_of_empty_line(const LogicalLine& line, std::vector<Finding>& warnings) {
    if (line.empty_line == 0) return;
    warnings.push_back({"NoEmptyContinuation",
                        "Empty continuation line",
                        "Empty continuation lines will become errors in a future release",
                        {line.empty_line, 0, line.empty_line}});
}

Result<void> add(Dockerfile& file, Instruction instruction, const LineReader& reader,
                 const ParseLimits& limits) {
    const Place place{instruction.lines.first, 1, instruction.lines.last};
    if (auto* from = std::get_if<From>(&instruction.body)) {
        if (file.stages.size() == limits.stages)
            return reader.error_at(place,
                                   "the file has more than " + std::to_string(limits.stages) + " stages");
        Stage stage;
        stage.from = *from;
        stage.from_line = std::move(instruction);
        file.stages.push_back(std::move(stage));
        return {};
    }
    if (!file.stages.empty()) {
        file.stages.back().instructions.push_back(std::move(instruction));
        return {};
    }
    if (!std::holds_alternative<Arg>(instruction.body)) {
        return reader.error_at(place, std::string(instruction_name(instruction)) +
                                          " stands before the first FROM, where only ARG may stand");
    }
    file.global_args.push_back(std::move(instruction));
    return {};
}

}  // namespace

Result<Dockerfile> parse_dockerfile(std::string_view text, const std::string& file,
                                    const ParseLimits& limits) {
    if (text.size() > limits.file_bytes) {
        return oci::failure(oci::ErrorCode::invalid, file + ": the file has " + std::to_string(text.size()) +
                                                         " bytes, at most " +
                                                         std::to_string(limits.file_bytes) + " are allowed");
    }
    LineReader reader(text, file, limits);
    Dockerfile parsed;
    parsed.file = file;
    while (true) {
        auto line = TRY(reader.next());
        if (!line) break;
        parsed.directives = reader.directives();
        Instruction instruction = TRY(read_instruction(reader, *line));
        warn_of_empty_line(*line, parsed.warnings);
        TRY(add(parsed, std::move(instruction), reader, limits));
    }
    if (parsed.stages.empty()) {
        return oci::failure(oci::ErrorCode::invalid,
                            file + (parsed.global_args.empty() ? ": the file has no instructions"
                                                               : ": the file has no FROM"));
    }
    parsed.text = text;
    return parsed;
}

Result<Instruction> parse_trigger(std::string_view text, const std::string& origin) {
    LineReader reader(text, origin, {});
    auto line = TRY(reader.next());
    if (!line) return oci::failure(oci::ErrorCode::invalid, origin + ": the trigger is empty");
    Instruction instruction = TRY(read_instruction(reader, *line));
    const std::string_view name = instruction_name(instruction);
    if (name == "FROM" || name == "MAINTAINER" || name == "ONBUILD")
        return oci::failure(oci::ErrorCode::invalid,
                            origin + ": " + std::string(name) + " cannot be a trigger");
    if (TRY(reader.next()))
        return oci::failure(oci::ErrorCode::invalid, origin + ": the trigger has more than one instruction");
    return instruction;
}

}  // namespace ocimg::dockerfile
