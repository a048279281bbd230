#include "imagetool/dockerfile/statement.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"
#include "spec/json/parse.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

Statement make_statement(const LineReader& reader, const LogicalLine& line, std::size_t offset) {
    Statement statement;
    statement.reader = &reader;
    statement.line = &line;
    const std::string_view text = line.text;
    while (offset < text.size() && is_blank(text[offset])) ++offset;
    std::size_t end = offset;
    while (end < text.size() && !is_blank(text[end])) ++end;
    statement.name = oci::to_upper(text.substr(offset, end - offset));
    statement.name_offset = offset;
    statement.rest = text.substr(end);
    statement.flags = take_flags(statement.rest, end);
    statement.rest_offset = text.size() - statement.rest.size();
    while (!statement.rest.empty() && is_blank(statement.rest.front())) {
        statement.rest.remove_prefix(1);
        ++statement.rest_offset;
    }
    while (!statement.rest.empty() && is_blank(statement.rest.back())) statement.rest.remove_suffix(1);
    return statement;
}

namespace {

std::string allowed_flags(std::string_view instruction, std::span<const FlagSpec> known) {
    if (known.empty()) return std::string(instruction) + " has no flags";
    std::string text = std::string(instruction) + " has";
    for (std::size_t i = 0; i < known.size(); ++i)
        text += std::string(i == 0 ? " --" : ", --") + std::string(known[i].name);
    return text;
}

Result<void> check_value(const Statement& statement, const FlagSpec& spec, const Word& flag, bool has_value,
                         std::string_view value) {
    const std::string shown = "--" + std::string(spec.name);
    if (spec.kind == FlagKind::boolean) {
        if (!has_value || value == "true" || value == "false") return {};
        return statement.fail(flag.offset, shown + " is " + quote(value) + ", it can be true or false");
    }
    if (!has_value) return statement.fail(flag.offset, shown + " needs a value: " + shown + "=...");
    return {};
}

}  // namespace

Result<Flags> Flags::read(const Statement& statement, std::span<const FlagSpec> known) {
    Flags flags;
    for (const Word& flag : statement.flags) {
        const std::string_view word = std::string_view(flag.text).substr(2);
        const std::size_t equals = word.find('=');
        const bool has_value = equals != std::string_view::npos;
        const std::string name(word.substr(0, equals));
        const std::string value(has_value ? word.substr(equals + 1) : "");
        const auto spec =
            std::find_if(known.begin(), known.end(), [&](const FlagSpec& one) { return one.name == name; });
        if (spec == known.end()) {
            std::vector<std::string_view> names;
            for (const FlagSpec& one : known) names.push_back(one.name);
            const std::string_view near = nearest_name(name, names);
            return statement.fail(flag.offset,
                                  "unknown flag " + quote("--" + name) +
                                      (near.empty() ? ": " + allowed_flags(statement.name, known)
                                                    : " of " + statement.name + " (did you mean --" +
                                                          std::string(near) + "?)"));
        }
        TRY(check_value(statement, *spec, flag, has_value, value));
        if (spec->kind != FlagKind::list && flags.given(name))
            return statement.fail(flag.offset, "the flag --" + name + " is given twice");
        flags.given_.push_back(
            {name, {spec->kind == FlagKind::boolean && !has_value ? "true" : value, flag.offset}});
    }
    return flags;
}

const Flags::Given* Flags::find(std::string_view name) const {
    const auto found =
        std::find_if(given_.begin(), given_.end(), [&](const Given& one) { return one.name == name; });
    return found == given_.end() ? nullptr : &*found;
}

std::string Flags::text(std::string_view name) const {
    const Given* given = find(name);
    return given == nullptr ? "" : given->value.text;
}

std::size_t Flags::offset(std::string_view name) const {
    const Given* given = find(name);
    return given == nullptr ? 0 : given->value.offset;
}

std::optional<bool> Flags::boolean(std::string_view name) const {
    const Given* given = find(name);
    if (given == nullptr) return std::nullopt;
    return given->value.text == "true";
}

std::vector<Word> Flags::list(std::string_view name) const {
    std::vector<Word> values;
    for (const Given& given : given_)
        if (given.name == name) values.push_back(given.value);
    return values;
}

Result<std::optional<std::vector<Word>>> json_words(const Statement& statement, std::string_view text,
                                                    std::size_t offset) {
    using Words = std::optional<std::vector<Word>>;
    if (!text.starts_with('[')) return Words();
    const auto document = oci::spec::parse_json(text, "");
    if (!document || document->root().kind != oci::spec::ValueKind::array) return Words();
    std::vector<Word> words;
    for (const auto* item = document->first_child(document->root()); item != nullptr;
         item = document->next_sibling(*item)) {
        if (item->kind != oci::spec::ValueKind::string) {
            return statement.fail(offset + item->offset,
                                  "a JSON array of " + statement.name + " may hold strings only");
        }
        words.push_back({std::string(item->text), offset + item->offset});
    }
    return Words(std::move(words));
}

Result<std::vector<Word>> list_of_words(const Statement& statement) {
    const auto json = json_words(statement, statement.rest, statement.rest_offset);
    if (!json) return json.error();
    if (json->has_value()) return **json;
    return blank_separated(statement.rest, statement.rest_offset);
}

bool has_variable(std::string_view text) {
    return text.find('$') != std::string_view::npos;
}

}  // namespace ocimg::dockerfile
