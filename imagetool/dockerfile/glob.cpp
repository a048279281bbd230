#include "imagetool/dockerfile/glob.hpp"

#include <optional>
#include <vector>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// The code point at the start of the text, which is taken away; a byte that is no UTF-8 stands for itself.
std::uint32_t take_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (lead >= 0xF0) {
        length = 4;
    } else if (lead >= 0xE0) {
        length = 3;
    } else if (lead >= 0xC0) {
        length = 2;
    }
    if (length > text.size() || !oci::is_utf8(text.substr(0, length))) length = 1;
    std::uint32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i)
        point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(length);
    return point;
}

/// A character of a class, which '\' may escape; nothing when the pattern ends here.
std::optional<std::uint32_t> take_class_character(std::string_view& pattern) {
    if (pattern.empty() || pattern.front() == '-' || pattern.front() == ']') return std::nullopt;
    if (pattern.front() == '\\') {
        pattern.remove_prefix(1);
        if (pattern.empty()) return std::nullopt;
    }
    return take_character(pattern);
}

/// Reads a class behind its '[' and says whether `point` is in it; nothing when the class is malformed.
std::optional<bool> in_class(std::string_view& pattern, std::uint32_t point) {
    const bool negated = pattern.starts_with('^');
    if (negated) pattern.remove_prefix(1);
    bool found = false;
    for (bool first = true;; first = false) {
        if (!first && pattern.starts_with(']')) {
            pattern.remove_prefix(1);
            return found != negated;
        }
        const auto low = take_class_character(pattern);
        if (!low) return std::nullopt;
        auto high = low;
        if (pattern.starts_with('-')) {
            pattern.remove_prefix(1);
            high = take_class_character(pattern);
            if (!high) return std::nullopt;
        }
        if (pattern.empty()) return std::nullopt;
        found = found || (*low <= point && point <= *high);
    }
}

/// One step of pattern (no '*') against one character; both are taken away. Nothing: malformed.
std::optional<bool> take_step(std::string_view& pattern, std::string_view& text) {
    const char kind = pattern.front();
    if (kind == '[') {
        pattern.remove_prefix(1);
        const std::uint32_t point = take_character(text);
        const auto found = in_class(pattern, point);
        if (!found) return std::nullopt;
        return *found && point != '/';
    }
    if (kind == '?') {
        pattern.remove_prefix(1);
        return take_character(text) != '/';
    }
    if (kind == '\\') {
        pattern.remove_prefix(1);
        if (pattern.empty()) return std::nullopt;
    }
    const bool equal = pattern.front() == text.front();
    pattern.remove_prefix(1);
    text.remove_prefix(1);
    return equal;
}

/// Greedy matching with a return to the last '*' only: an earlier one never has to be revisited, so the time
/// is at most pattern times text.
bool matches_component(std::string_view pattern, std::string_view text) {
    std::optional<std::string_view> star_pattern;
    std::string_view star_text;
    while (true) {
        if (pattern.starts_with('*')) {
            while (pattern.starts_with('*')) pattern.remove_prefix(1);
            star_pattern = pattern;
            star_text = text;
            continue;
        }
        if (text.empty() && pattern.empty()) return true;
        bool matched = false;
        if (!text.empty() && !pattern.empty()) {
            const auto step = take_step(pattern, text);
            if (!step) return false;
            matched = *step;
        }
        if (matched) continue;
        if (!star_pattern || star_text.empty()) return false;
        star_text.remove_prefix(1);
        pattern = *star_pattern;
        text = star_text;
    }
}

/// The components of a pattern: a '/' in a class or behind '\' divides too, as it can match nothing there.
std::string_view take_component(std::string_view& path) {
    const std::size_t end = path.find('/');
    const std::string_view component = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    return component;
}

}  // namespace

bool has_wildcard(std::string_view pattern) {
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\') {
            ++at;
        } else if (pattern[at] == '*' || pattern[at] == '?' || pattern[at] == '[') {
            return true;
        }
    }
    return false;
}

std::string unescaped_glob(std::string_view pattern) {
    std::string text;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        text += pattern[at];
    }
    return text;
}

Result<void> check_glob(std::string_view pattern) {
    std::string_view rest = pattern;
    while (!rest.empty()) {
        const char kind = rest.front();
        rest.remove_prefix(1);
        if (kind == '\\' && rest.empty())
            return oci::failure(oci::ErrorCode::invalid,
                                quote(pattern) + " is no pattern: it ends with a lone \\");
        if (kind == '\\') rest.remove_prefix(1);
        if (kind == '[' && !in_class(rest, 0)) {
            return oci::failure(
                oci::ErrorCode::invalid,
                quote(pattern) + " is no pattern: a [ is not closed, or what is in it is no set");
        }
    }
    return {};
}

bool matches_glob(std::string_view pattern, std::string_view path) {
    while (true) {
        const bool pattern_goes_on = pattern.find('/') != std::string_view::npos;
        const bool path_goes_on = path.find('/') != std::string_view::npos;
        if (pattern_goes_on != path_goes_on) return false;
        if (!matches_component(take_component(pattern), take_component(path))) return false;
        if (!pattern_goes_on) return true;
    }
}

}  // namespace ocimg::dockerfile
