#pragma once
// A logical line divided into words, before any variable is looked at. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocimg::dockerfile {

/// A piece of a logical line, and where in the line it begins.
struct Word {
    std::string text;
    std::size_t offset = 0;
};

/// Space, tab, vertical tab, form feed or carriage return.
bool is_blank(char c);
/// The words between blanks; quotes mean nothing. `offset` is that of `text` in its line.
std::vector<Word> blank_separated(std::string_view text, std::size_t offset);
/// The words of ENV, LABEL and ARG: blanks in quotes or behind the escape do not divide. Quotes and escapes
/// stay.
std::vector<Word> quoted_words(std::string_view text, std::size_t offset, char escape);
/// The words of a shell line, quotes and escapes kept; nothing when a quote is not closed.
std::optional<std::vector<std::string>> shell_words(std::string_view text);
/// The words that begin with "--" at the start of `text`, with quotes and backslashes taken away; a lone "--"
/// ends them. `rest` becomes what follows.
std::vector<Word> take_flags(std::string_view& rest, std::size_t offset);

}  // namespace ocimg::dockerfile
