#include "imagetool/dockerfile/logical_lines.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view without_line_end(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::string_view trim_left(std::string_view line) {
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    return line;
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

Place LogicalLine::place_of(std::size_t offset) const {
    const auto after = std::upper_bound(segments.begin(), segments.end(), offset,
                                        [](std::size_t value, const Segment& s) { return value < s.offset; });
    if (after == segments.begin()) return {first_line, 1, first_line};
    const Segment& segment = *std::prev(after);
    Place place = segment.place;
    place.column += static_cast<std::uint32_t>(offset - segment.offset);
    return place;
}

LineReader::LineReader(std::string_view text, std::string file, const ParseLimits& limits)
    : text_(text), file_(std::move(file)), limits_(limits) {
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
}

oci::Error LineReader::error_at(const Place& place, std::string_view message) const {
    return dockerfile::error_at(file_, text_, place, message);
}

/// A line with its end.
Result<std::optional<std::string_view>> LineReader::next_physical() {
    if (at_ >= text_.size()) return std::optional<std::string_view>{};
    const std::size_t end = text_.find('\n', at_);
    const std::size_t length = (end == std::string_view::npos ? text_.size() : end + 1) - at_;
    const std::string_view line = text_.substr(at_, length);
    ++line_;
    if (length > limits_.line_bytes) {
        return error_at({line_, 0, line_}, "the line has " + std::to_string(length) + " bytes, at most " +
                                               std::to_string(limits_.line_bytes) + " are allowed");
    }
    if (const std::size_t nul = line.find('\0'); nul != std::string_view::npos) {
        return error_at({line_, static_cast<std::uint32_t>(nul + 1), line_}, "the line holds a NUL byte");
    }
    at_ += length;
    return std::optional<std::string_view>(line);
}

/// Whether the line, which begins with '#', is a directive at the top of the file.
Result<bool> LineReader::take_directive(std::string_view line) {
    if (directives_done_) return false;
    directives_done_ = true;  // unless it is one
    std::string_view rest = trim_left(line.substr(1));
    const auto name_end = std::find_if_not(rest.begin(), rest.end(), is_letter_or_digit);
    const std::string name = oci::to_lower(rest.substr(0, static_cast<std::size_t>(name_end - rest.begin())));
    rest = trim_left(rest.substr(name.size()));
    if (name.empty() || !rest.starts_with('=')) return false;
    const std::string_view value = oci::trim(rest.substr(1));
    if (value.empty() || (name != "syntax" && name != "escape" && name != "check")) return false;
    const Place place{line_, 1, line_};
    if (!seen_.insert(name).second)
        return error_at(place, "the directive " + quote(name) + " stands in the file twice");
    if (name == "syntax") directives_.syntax = value;
    if (name == "check") directives_.check = value;
    if (name == "escape") {
        if (value != "\\" && value != "`")
            return error_at(place, quote(value) + " cannot be the escape: \\ or ` is allowed");
        directives_.escape = value.front();
    }
    directives_done_ = false;
    return true;
}

/// Takes the escape at the end away, and the blanks behind it. A doubled escape is no continuation.
bool LineReader::drop_continuation(std::string_view& part) const {
    const std::size_t last = part.find_last_not_of(" \t");
    if (last == std::string_view::npos || part[last] != directives_.escape) return false;
    if (last > 0 && part[last - 1] == directives_.escape) return false;
    part = part.substr(0, last);
    return true;
}

void LineReader::append(LogicalLine& line, std::string_view part, std::uint32_t column) const {
    line.segments.push_back({line.text.size(), {line_, column, line_}});
    line.text += part;
    line.last_line = line_;
}

/// One more physical line of a continuation; false when the logical line ends with it.
Result<bool> LineReader::take_continuation(LogicalLine& line) {
    const auto read = TRY(next_physical());
    if (!read) return false;
    line.last_line = line_;
    std::string_view part = without_line_end(*read);
    const std::string_view trimmed = trim_left(part);
    if (trimmed.starts_with('#')) return true;
    if (trimmed.empty()) {
        if (line.empty_line == 0) line.empty_line = line_;
        return true;
    }
    const bool goes_on = drop_continuation(part);
    append(line, part, 1);
    return goes_on;
}

Result<std::optional<LogicalLine>> LineReader::next() {
    std::vector<std::string> comments;
    while (true) {
        const auto read = TRY(next_physical());
        if (!read) return std::optional<LogicalLine>{};
        const std::string_view whole = without_line_end(*read);
        std::string_view part = trim_left(whole);
        if (part.starts_with('#')) {
            // A shebang makes a Dockerfile executable; it does not end the directives.
            if (line_ == 1 && part.starts_with("#!")) continue;
            if (!TRY(take_directive(part))) comments.emplace_back(oci::trim(part.substr(1)));
            continue;
        }
        directives_done_ = true;
        if (part.empty()) {
            comments.clear();
            continue;
        }
        LogicalLine line;
        line.first_line = line_;
        line.comments = std::move(comments);
        bool goes_on = drop_continuation(part);
        std::uint32_t column = static_cast<std::uint32_t>(whole.size() - trim_left(whole).size() + 1);
        if (line_ == 1 && text_.starts_with(byte_order_mark)) column += 3;
        append(line, part, column);
        while (goes_on) goes_on = TRY(take_continuation(line));
        if (oci::trim(line.text).empty()) {  // nothing but escapes
            comments.clear();
            continue;
        }
        return std::optional<LogicalLine>(std::move(line));
    }
}

Result<std::string> LineReader::read_body(const std::string& name, bool chomp, LogicalLine& line) {
    std::string body;
    while (true) {
        const auto read = TRY(next_physical());
        if (!read) {
            return error_at(line.place_of(0), "the heredoc " + quote(name) +
                                                  " has no end: a line that is just " + quote(name) +
                                                  " is missing");
        }
        line.last_line = line_;
        std::string_view end = without_line_end(*read);
        if (chomp)
            while (end.starts_with('\t')) end.remove_prefix(1);
        if (end == name) return body;
        body += *read;
    }
}

}  // namespace ocimg::dockerfile
