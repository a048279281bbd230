#include "imagetool/dockerfile/shell_pattern.hpp"

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::Result;

namespace {

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The characters of a text from its start.
struct Forward {
    std::string_view text;
    std::string_view next() {
        std::size_t length = 1;
        while (length < text.size() && continues_character(text[length])) ++length;
        const std::string_view character = text.substr(0, length);
        text.remove_prefix(length);
        return character;
    }
};

/// The characters of a text from its end.
struct Backward {
    std::string_view text;
    std::string_view next() {
        std::size_t start = text.size() - 1;
        while (start > 0 && continues_character(text[start])) --start;
        const std::string_view character = text.substr(start);
        text.remove_suffix(character.size());
        return character;
    }
};

}  // namespace

Result<ShellPattern> ShellPattern::parse(std::string_view pattern) {
    ShellPattern compiled;
    Forward rest{pattern};
    while (!rest.text.empty()) {
        std::string_view character = rest.next();
        if (character == "*") {
            if (compiled.parts_.empty() || compiled.parts_.back().kind != Kind::any_text)
                compiled.parts_.push_back({Kind::any_text, {}});
            continue;
        }
        if (character == "?") {
            compiled.parts_.push_back({Kind::any_one, {}});
            continue;
        }
        if (character == "\\") {
            if (rest.text.empty())
                return oci::failure(oci::ErrorCode::invalid, "a pattern ends with a lone \\");
            character = rest.next();
            if (std::string_view("*?\\}/").find(character) == std::string_view::npos) {
                return oci::failure(
                    oci::ErrorCode::invalid,
                    "\\" + std::string(character) + " in a pattern: \\ can stand before * ? \\ } and /");
            }
        }
        compiled.parts_.push_back({Kind::literal, std::string(character)});
    }
    return compiled;
}

/// Follows all ways through the pattern at once: `reached[i]` says that the first i parts match what was
/// read.
template <class Characters>
Result<std::optional<std::size_t>> ShellPattern::match(const std::vector<Part>& parts, Characters text,
                                                       bool longest, std::size_t& steps) {
    const std::size_t whole = text.text.size();
    std::vector<char> reached(parts.size() + 1, 0);
    std::vector<char> next(parts.size() + 1, 0);
    reached[0] = 1;
    std::optional<std::size_t> found;
    while (true) {
        bool alive = false;
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (reached[i] != 0 && parts[i].kind == Kind::any_text) reached[i + 1] = 1;
        if (reached.back() != 0) {
            found = whole - text.text.size();
            if (!longest) return found;
        }
        if (text.text.empty()) return found;
        if (steps < parts.size() + 1)
            return oci::failure(oci::ErrorCode::invalid, "matching the pattern takes too long");
        steps -= parts.size() + 1;
        const std::string_view character = text.next();
        std::fill(next.begin(), next.end(), 0);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (reached[i] == 0) continue;
            const Part& part = parts[i];
            if (part.kind == Kind::literal && part.character == character) next[i + 1] = 1;
            if (part.kind == Kind::any_one && character != "\n") next[i + 1] = 1;
            if (part.kind == Kind::any_text && character != "\n") next[i] = 1;
            alive = alive || next[i] != 0 || next[i + 1] != 0;
        }
        if (!alive) return found;
        reached.swap(next);
    }
}

Result<std::optional<std::size_t>> ShellPattern::match_prefix(std::string_view text, bool longest,
                                                              std::size_t& steps) const {
    return match(parts_, Forward{text}, longest, steps);
}

Result<std::optional<std::size_t>> ShellPattern::match_suffix(std::string_view text, bool longest,
                                                              std::size_t& steps) const {
    const std::vector<Part> reversed(parts_.rbegin(), parts_.rend());
    return match(reversed, Backward{text}, longest, steps);
}

Result<std::string> ShellPattern::replace(std::string_view text, std::string_view replacement, bool all,
                                          std::size_t& steps) const {
    std::string result;
    Forward rest{text};
    while (!rest.text.empty()) {
        const auto length = TRY(match_prefix(rest.text, true, steps));
        if (!length || *length == 0) {
            result += rest.next();
            continue;
        }
        result += replacement;
        rest.text.remove_prefix(*length);
        if (!all) break;
    }
    result += rest.text;
    return result;
}

}  // namespace ocimg::dockerfile
