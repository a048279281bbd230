#include "imagetool/dockerfile/parse_instruction.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/heredoc.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// The whole rest as one text, which must be there.
Result<std::string> only_text(const Statement& statement, std::string_view what) {
    TRY(refuse_flags(statement));
    if (statement.rest.empty()) return statement.fail(statement.name + " needs " + std::string(what));
    return std::string(statement.rest);
}

Result<Body> parse_maintainer(const Statement& statement) {
    return Body(Maintainer{TRY(only_text(statement, "a name"))});
}
Result<Body> parse_workdir(const Statement& statement) {
    return Body(Workdir{TRY(only_text(statement, "a directory"))});
}
Result<Body> parse_user(const Statement& statement) {
    return Body(User{TRY(only_text(statement, "a user: NAME|ID[:GROUP]"))});
}
Result<Body> parse_stopsignal(const Statement& statement) {
    return Body(StopSignal{TRY(only_text(statement, "a signal: a name or a number"))});
}

Result<Body> parse_expose(const Statement& statement) {
    TRY(refuse_flags(statement));
    Expose expose;
    for (Word& word : blank_separated(statement.rest, 0)) expose.ports.push_back(std::move(word.text));
    if (expose.ports.empty()) return statement.fail("EXPOSE needs a port: PORT[-PORT][/tcp|/udp|/sctp]");
    std::sort(expose.ports.begin(), expose.ports.end());  // their order shows in the history
    return Body(std::move(expose));
}

Result<Body> parse_volume(const Statement& statement) {
    TRY(refuse_flags(statement));
    Volume volume;
    for (const Word& word : TRY(list_of_words(statement))) {
        const std::string path(oci::trim(word.text));
        if (path.empty()) return statement.fail(word.offset, "a volume's path is empty");
        volume.paths.push_back(path);
    }
    if (volume.paths.empty()) return statement.fail("VOLUME needs a path");
    return Body(std::move(volume));
}

struct Parser {
    std::string_view name;
    Result<Body> (*parse)(const Statement&) = nullptr;
};

constexpr std::array<Parser, 18> parsers = {{
    {"ADD", parse_add},
    {"ARG", parse_arg},
    {"CMD", parse_cmd},
    {"COPY", parse_copy},
    {"ENTRYPOINT", parse_entrypoint},
    {"ENV", parse_env},
    {"EXPOSE", parse_expose},
    {"FROM", parse_from},
    {"HEALTHCHECK", parse_healthcheck},
    {"LABEL", parse_label},
    {"MAINTAINER", parse_maintainer},
    {"ONBUILD", parse_onbuild},
    {"RUN", parse_run},
    {"SHELL", parse_shell},
    {"STOPSIGNAL", parse_stopsignal},
    {"USER", parse_user},
    {"VOLUME", parse_volume},
    {"WORKDIR", parse_workdir},
}};

}  // namespace

Result<void> refuse_flags(const Statement& statement) {
    TRY(Flags::read(statement, {}));
    return {};
}

Result<Body> parse_body(const Statement& statement) {
    for (const Parser& parser : parsers)
        if (parser.name == statement.name) return parser.parse(statement);
    std::vector<std::string_view> names;
    names.reserve(std::size(parsers));
    for (const Parser& parser : parsers) names.push_back(parser.name);
    return statement.fail(statement.name_offset, "unknown instruction " + quote(statement.name) +
                                                     did_you_mean(statement.name, names));
}

bool may_have_heredocs(const Statement& statement) {
    if (statement.name == "ONBUILD") {
        const Statement inner = make_statement(*statement.reader, *statement.line, statement.rest_offset);
        return inner.name != "ONBUILD" && may_have_heredocs(inner);
    }
    if (statement.name != "RUN" && statement.name != "COPY" && statement.name != "ADD") return false;
    const auto json = json_words(statement, statement.rest, statement.rest_offset);
    return json.has_value() && !json->has_value();
}

Result<Body> parse_from(const Statement& statement) {
    static constexpr std::array<FlagSpec, 1> known = {{{"platform"}}};
    const Flags flags = TRY(Flags::read(statement, known));
    const std::vector<Word> words = blank_separated(statement.rest, statement.rest_offset);
    From from;
    from.platform = flags.text("platform");
    if (words.size() == 3) {
        if (oci::to_lower(words[1].text) != "as")
            return statement.fail(words[1].offset, "expected AS and a name, found " + quote(words[1].text));
        from.as_as_written = words[1].text;
        from.name_as_written = words[2].text;
        from.name = oci::to_lower(words[2].text);
        if (!is_stage_name(from.name)) {
            return statement.fail(words[2].offset,
                                  quote(words[2].text) +
                                      " cannot be a stage's name: a letter, then letters, digits, - _ and . "
                                      "are allowed");
        }
    } else if (words.size() != 1) {
        return statement.fail(words.size() > 1 ? words[1].offset : statement.name_offset,
                              "FROM needs an image, or an image, AS and a name");
    }
    from.image = words[0].text;
    return Body(std::move(from));
}

Result<Body> parse_onbuild(const Statement& statement) {
    TRY(refuse_flags(statement));
    if (statement.rest.empty()) return statement.fail("ONBUILD needs an instruction");
    Statement inner = make_statement(*statement.reader, *statement.line, statement.rest_offset);
    if (inner.name == "ONBUILD" || inner.name == "FROM" || inner.name == "MAINTAINER")
        return statement.fail(inner.name_offset, inner.name + " cannot be triggered by ONBUILD");
    inner.heredocs = statement.heredocs;
    OnBuild onbuild;
    onbuild.text = statement.rest;
    for (const Heredoc& heredoc : statement.heredocs) onbuild.text += "\n" + heredoc.content + heredoc.name;
    Instruction trigger;
    trigger.body = TRY(parse_body(inner));
    trigger.lines = {statement.line->first_line, statement.line->last_line};
    trigger.keyword = statement.line->text.substr(inner.name_offset, inner.name.size());
    trigger.text = statement.rest;
    onbuild.trigger = std::make_shared<const Instruction>(std::move(trigger));
    return Body(std::move(onbuild));
}

std::vector<std::string> skipped_checks_of(const std::vector<std::string>& comments) {
    std::vector<std::string> names;
    for (const std::string& comment : comments) {
        std::string_view text = comment;
        for (const std::string_view part : {"check", "=", "skip", "="}) {
            text = oci::trim(text);
            if (!text.starts_with(part)) {
                text = "";
                break;
            }
            text.remove_prefix(part.size());
        }
        for (const std::string& name : oci::split(text.substr(0, text.find(';')), ','))
            if (!oci::trim(name).empty()) names.push_back(oci::to_lower(oci::trim(name)));
    }
    return names;
}

}  // namespace ocimg::dockerfile
