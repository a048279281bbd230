#include "imagetool/dockerfile/path_pattern.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// The length of the character at the start of the text: a byte that is no UTF-8 stands for itself.
std::size_t character_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (lead >= 0xF0) {
        length = 4;
    } else if (lead >= 0xE0) {
        length = 3;
    } else if (lead >= 0xC0) {
        length = 2;
    }
    return length <= text.size() && oci::is_utf8(text.substr(0, length)) ? length : 1;
}

/// The code point of one character.
std::uint32_t point_of(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character.front());
    if (character.size() == 1) return lead;
    std::uint32_t point = lead & (0x7FU >> character.size());
    for (const char c : character.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3FU);
    return point;
}

std::uint32_t take_point(std::string_view& rest) {
    if (rest.size() > 1 && rest.front() == '\\') rest.remove_prefix(1);
    const std::size_t length = character_length(rest);
    const std::uint32_t point = point_of(rest.substr(0, length));
    rest.remove_prefix(length);
    return point;
}

bool is_below_or_same(std::string_view path, std::string_view directory) {
    return path == directory || (path.starts_with(directory) && path[directory.size()] == '/');
}

}  // namespace

Result<PathPattern::Part> PathPattern::read_set(std::string_view& rest, std::string_view pattern) {
    Part part;
    part.kind = PartKind::set;
    if (rest.starts_with('^')) {
        part.negated = true;
        rest.remove_prefix(1);
    }
    while (!rest.empty() && (!rest.starts_with(']') || part.ranges.empty())) {
        if (rest.starts_with(']') || rest.starts_with('-')) break;
        const std::uint32_t low = take_point(rest);
        std::uint32_t high = low;
        if (rest.starts_with('-')) {
            rest.remove_prefix(1);
            if (rest.empty() || rest.starts_with(']')) break;
            high = take_point(rest);
        }
        part.ranges.emplace_back(low, high);
    }
    if (!rest.starts_with(']') || part.ranges.empty()) {
        return oci::failure(oci::ErrorCode::invalid,
                            quote(pattern) + " is no pattern: a [ is not closed, or what is in it is no set");
    }
    rest.remove_prefix(1);
    return part;
}

Result<void> PathPattern::read(std::string_view pattern) {
    std::string_view rest = pattern;
    const auto general = [this](PartKind kind) {
        parts_.push_back({kind, 0, false, {}});
        kind_ = Kind::general;
    };
    while (!rest.empty()) {
        const bool first = rest.size() == pattern.size();
        if (rest.starts_with("**")) {
            rest.remove_prefix(2);
            if (rest.starts_with('/')) rest.remove_prefix(1);
            const Kind before = kind_;
            general(rest.empty() ? PartKind::any_text : PartKind::any_directories);
            if (rest.empty() && before == Kind::exact) kind_ = Kind::prefix;
            if (first) kind_ = Kind::suffix;
        } else if (rest.front() == '*') {
            rest.remove_prefix(1);
            general(PartKind::any_in_name);
        } else if (rest.front() == '?') {
            rest.remove_prefix(1);
            general(PartKind::any_one);
        } else if (rest.front() == '[') {
            rest.remove_prefix(1);
            parts_.push_back(TRY(read_set(rest, pattern)));
            kind_ = Kind::general;
        } else {
            if (rest.front() == '\\') {
                if (rest.size() == 1)
                    return oci::failure(oci::ErrorCode::invalid,
                                        quote(pattern) + " is no pattern: it ends with a lone \\");
                kind_ = Kind::general;
            }
            parts_.push_back({PartKind::literal, take_point(rest), false, {}});
        }
    }
    return {};
}

Result<PathPattern> PathPattern::compile(std::string_view pattern) {
    PathPattern compiled;
    TRY(compiled.read(pattern));
    compiled.text_ = pattern;
    if (compiled.kind_ == Kind::prefix) compiled.text_ = pattern.substr(0, pattern.rfind("**"));
    if (compiled.kind_ == Kind::suffix) compiled.text_ = pattern.substr(2);
    const std::string_view fixed = pattern.substr(0, pattern.find_first_of("*?[\\"));
    compiled.fixed_ =
        fixed.size() == pattern.size() ? fixed : fixed.substr(0, std::min(fixed.size(), fixed.rfind('/')));
    if (fixed.size() < pattern.size() && fixed.find('/') == std::string_view::npos) compiled.fixed_.clear();
    return compiled;
}

bool PathPattern::accepts(const Part& part, std::uint32_t point) {
    const bool found = std::any_of(part.ranges.begin(), part.ranges.end(), [&](const auto& range) {
        return range.first <= point && point <= range.second;
    });
    return found != part.negated;
}

/// Follows all ways through the pattern at once: `reached[i]` says that the first i parts match what was
/// read.
bool PathPattern::run(std::string_view path, bool parents_too) const {
    std::vector<char> reached(parts_.size() + 1, 0);
    std::vector<char> next(parts_.size() + 1, 0);
    reached[0] = 1;
    std::size_t at = 0;
    bool after_slash = true;  // whole directories are behind us
    while (true) {
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            const PartKind kind = parts_[i].kind;
            const bool may_be_empty = kind == PartKind::any_in_name || kind == PartKind::any_text;
            if (reached[i] != 0 && may_be_empty) reached[i + 1] = 1;
            // `any_directories` is entered as state 1 and left at once, or behind a slash as state 2.
            if (kind == PartKind::any_directories && (reached[i] == 1 || (reached[i] == 2 && after_slash)))
                reached[i + 1] = 1;
        }
        if (reached.back() != 0 && (at == path.size() || (parents_too && path[at] == '/'))) return true;
        if (at == path.size()) return false;
        const std::string_view character = path.substr(at, character_length(path.substr(at)));
        const std::uint32_t point = point_of(character);
        const bool slash = point == '/';
        std::fill(next.begin(), next.end(), 0);
        bool alive = false;
        for (std::size_t i = 0; i < parts_.size(); ++i) {
            if (reached[i] == 0) continue;
            const Part& part = parts_[i];
            if (part.kind == PartKind::literal && point == part.point) next[i + 1] = 1;
            if (part.kind == PartKind::any_one && !slash) next[i + 1] = 1;
            if (part.kind == PartKind::set && accepts(part, point)) next[i + 1] = 1;
            if (part.kind == PartKind::any_in_name && !slash) next[i] = 1;
            if (part.kind == PartKind::any_text) next[i] = 1;
            if (part.kind == PartKind::any_directories && next[i] == 0) next[i] = 2;
        }
        for (const char state : next) alive = alive || state != 0;
        if (!alive) return false;
        reached.swap(next);
        after_slash = slash;
        at += character.size();
    }
}

bool PathPattern::matches(std::string_view path) const {
    switch (kind_) {
        case Kind::exact:
            return path == text_;
        case Kind::prefix:
            return path.starts_with(text_);
        case Kind::suffix:
            return path.ends_with(text_) ||
                   (text_.starts_with('/') && path == std::string_view(text_).substr(1));
        case Kind::general:
            return run(path, false);
    }
    return false;
}

bool PathPattern::matches_path_or_parent(std::string_view path) const {
    if (kind_ == Kind::exact) return is_below_or_same(path, text_);
    if (kind_ == Kind::prefix) return path.starts_with(text_);
    if (kind_ == Kind::general) return run(path, true);
    if (text_.empty()) return true;
    const std::string_view name = text_.front() == '/' ? std::string_view(text_).substr(1) : text_;
    if (name.size() < text_.size() && is_below_or_same(path, name)) return true;
    for (std::size_t at = path.find(text_); at != std::string_view::npos; at = path.find(text_, at + 1)) {
        const std::size_t end = at + text_.size();
        if (end == path.size() || path[end] == '/') return true;
    }
    return false;
}

bool PathPattern::may_match_below(std::string_view directory) const {
    if (fixed_.empty()) return kind_ != Kind::exact;
    return is_below_or_same(fixed_, directory) ||
           (kind_ != Kind::exact && is_below_or_same(directory, fixed_));
}

}  // namespace ocimg::dockerfile
