#include "imagetool/dockerfile/finding.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"

namespace ocimg::dockerfile {

namespace {

std::string_view line_of(std::string_view text, std::uint32_t number) {
    for (std::uint32_t line = 1; line < number; ++line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return "";
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

/// The line without its end, and with whatever a terminal could act on replaced by '?'.
std::string printable(std::string_view raw) {
    std::string line(raw);
    if (line.ends_with('\r')) line.pop_back();
    const bool is_text = oci::is_utf8(line);
    for (std::size_t at = 0; at < line.size(); ++at) {
        const auto byte = static_cast<unsigned char>(line[at]);
        // U+0080 to U+009F, controls too, are 0xC2 and a byte below 0xA0.
        const bool wide_control =
            byte == 0xC2 && at + 1 < line.size() && static_cast<unsigned char>(line[at + 1]) < 0xA0;
        if ((byte < ' ' && byte != '\t') || byte == 0x7F || (byte >= 0x80 && !is_text)) line[at] = '?';
        if (wide_control && is_text) line.replace(at, 2, "?");
    }
    return line;
}

/// The blank text as wide as what stands before the column: tabs stay tabs, a UTF-8 sequence is one place.
std::string indent_to(std::string_view line, std::size_t column) {
    std::string indent;
    for (const char c : line.substr(0, column - 1)) {
        if (c == '\t') {
            indent += '\t';
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            indent += ' ';
        }
    }
    return indent;
}

/// Long lines are cut around the column, so that a message stays readable.
constexpr std::size_t widest_line = 160;

/// What stands between pairs of quotes in the message, in turn.
std::vector<std::string_view> quoted_words(std::string_view message) {
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t begin = message.find('"');
        const std::size_t end = begin == std::string_view::npos ? begin : message.find('"', begin + 1);
        if (end == std::string_view::npos) return words;
        if (end > begin + 1) words.push_back(message.substr(begin + 1, end - begin - 1));
        message.remove_prefix(end + 1);
    }
}

/// The first place of the word in the lines; line 0 when it is in none of them.
Place find_in_lines(std::string_view text, const Place& lines, std::string_view word) {
    std::uint32_t number = 1;
    for (std::size_t at = 0; number <= lines.last_line; ++number) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::size_t found = text.substr(at, end - at).find(word);
        if (number >= lines.line && found != std::string_view::npos)
            return {number, static_cast<std::uint32_t>(found + 1), lines.last_line};
        if (end == text.size()) break;
        at = end + 1;
    }
    return {};
}

}  // namespace

Place place_of_message(std::string_view text, const Place& lines, std::string_view message) {
    std::vector<std::string_view> words = quoted_words(message);
    if (message.find("${") != std::string_view::npos) words.emplace_back("${");
    for (const std::string_view word : words) {
        const Place place = find_in_lines(text, lines, word);
        if (place.line != 0) return place;
    }
    const std::string_view line = line_of(text, lines.line);
    const std::size_t begin = line.find_first_not_of(" \t");
    return {lines.line, begin == std::string::npos ? 0 : static_cast<std::uint32_t>(begin + 1),
            lines.last_line};
}

std::string show_place(std::string_view file, std::string_view text, const Place& place,
                       std::string_view message) {
    return show_in_line(file, line_of(text, place.line), place, message);
}

std::string show_in_line(std::string_view file, std::string_view raw_line, const Place& place,
                         std::string_view message) {
    std::string shown(file);
    shown += ":" + std::to_string(place.line);
    if (place.column != 0) shown += ":" + std::to_string(place.column);
    shown += ": ";
    shown += message;
    std::string line = printable(raw_line);
    std::size_t column = place.column;
    if (line.empty()) return shown;
    if (column > widest_line / 2 && line.size() > widest_line) {
        const std::size_t cut = column - widest_line / 2;
        line = "..." + line.substr(cut);
        column = column - cut + 3;
    }
    if (line.size() > widest_line) line = line.substr(0, widest_line) + "...";
    std::string number = std::to_string(place.line);
    number.insert(0, number.size() < 4 ? 4 - number.size() : 0, ' ');
    shown += "\n" + number + " | " + line;
    if (column != 0)
        shown += "\n" + std::string(number.size(), ' ') + " | " +
                 indent_to(line, std::min(column, line.size() + 1)) + "^";
    return shown;
}

oci::Error error_at(std::string_view file, std::string_view text, const Place& place,
                    std::string_view message) {
    return oci::failure(oci::ErrorCode::invalid, show_place(file, text, place, message));
}

}  // namespace ocimg::dockerfile
