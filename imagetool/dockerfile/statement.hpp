#pragma once
// One instruction's line on its way to a typed instruction: keyword, flags, the rest; errors know their
// column. Pure.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/dockerfile/instruction.hpp"
#include "imagetool/dockerfile/logical_lines.hpp"
#include "imagetool/dockerfile/words.hpp"

namespace ocimg::dockerfile {

/// A line divided at its keyword and flags. The line and the reader must outlive it.
struct Statement {
    const LineReader* reader = nullptr;
    const LogicalLine* line = nullptr;
    std::string name;  // the keyword in upper case
    std::size_t name_offset = 0;
    std::vector<Word> flags;
    std::string_view rest;  // what follows the flags, without blanks around it
    std::size_t rest_offset = 0;
    std::vector<Heredoc> heredocs;  // with their bodies

    /// An error at a byte of the line.
    [[nodiscard]] oci::Error fail(std::size_t offset, std::string_view message) const {
        return reader->error_at(line->place_of(offset), message);
    }
    /// An error about the whole rest.
    [[nodiscard]] oci::Error fail(std::string_view message) const {
        return fail(rest.empty() ? name_offset : rest_offset, message);
    }
    /// A result of a function that knows no places.
    template <class T>
    [[nodiscard]] oci::Result<T> at(std::size_t offset, oci::Result<T> result) const {
        if (result.has_value()) return result;
        return fail(offset, result.error().text);
    }
};

/// Divides the part of the line that begins at `offset`.
Statement make_statement(const LineReader& reader, const LogicalLine& line, std::size_t offset);

enum class FlagKind : std::uint8_t { text, boolean, list };

struct FlagSpec {
    std::string_view name;
    FlagKind kind = FlagKind::text;
};

/// The flags of a statement, each checked against the table of its instruction.
class Flags {
public:
    /// Unknown and repeated flags, missing values and values that are no booleans are errors.
    static oci::Result<Flags> read(const Statement& statement, std::span<const FlagSpec> known);

    /// The value of a text flag, "" when it was not given.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] bool given(std::string_view name) const { return find(name) != nullptr; }
    /// Where the flag stands in the line.
    [[nodiscard]] std::size_t offset(std::string_view name) const;
    [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
    /// Every value of a list flag, with its place.
    [[nodiscard]] std::vector<Word> list(std::string_view name) const;

private:
    struct Given {
        std::string name;
        Word value;
    };
    [[nodiscard]] const Given* find(std::string_view name) const;

    std::vector<Given> given_;
};

/// The strings of a JSON array; nothing when the rest is none (then it is shell form or words). An array that
/// holds anything but strings is an error.
oci::Result<std::optional<std::vector<Word>>> json_words(const Statement& statement, std::string_view text,
                                                         std::size_t offset);
/// The rest as JSON array or, failing that, as words between blanks.
oci::Result<std::vector<Word>> list_of_words(const Statement& statement);
/// Whether the text has a "$" and so may hold a variable.
bool has_variable(std::string_view text);

/// Reads the flag's value with `parse`, unless it holds a variable. An absent flag has no text.
template <class T, class Parse>
oci::Result<FlagValue<T>> flag_value(const Statement& statement, const Word& word, Parse parse) {
    FlagValue<T> value{.text = word.text, .value = std::nullopt};
    if (word.text.empty() || has_variable(word.text)) return value;
    value.value = TRY(statement.at(word.offset, parse(word.text)));
    return value;
}

}  // namespace ocimg::dockerfile
