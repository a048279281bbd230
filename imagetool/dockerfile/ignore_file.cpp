#include "imagetool/dockerfile/ignore_file.hpp"

#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/finding.hpp"
#include "imagetool/dockerfile/path_pattern.hpp"

namespace ocimg::dockerfile {

using oci::Result;

struct IgnoreMatcher::Patterns {
    struct Line {
        bool takes_back = false;
        PathPattern pattern;
    };
    std::vector<Line> lines;
};

namespace {

/// The path without "." and ".." parts and doubled '/', as Go's path.Clean gives it.
std::string cleaned(std::string_view path) {
    const bool absolute = path.starts_with('/');
    std::vector<std::string> parts;
    for (std::string& part : oci::split(path, '/')) {
        if (part.empty() || part == ".") continue;
        const bool up = part == "..";
        if (up && !parts.empty() && parts.back() != "..") {
            parts.pop_back();
        } else if (!up || !absolute) {
            parts.push_back(std::move(part));
        }
    }
    const std::string text = oci::join(parts, "/");
    if (absolute) return "/" + text;
    return text.empty() ? "." : text;
}

/// A file of patterns can have this many; matching takes time for each.
constexpr std::size_t most_patterns = 10'000;
constexpr std::size_t largest_file = std::size_t{1} << 20;

}  // namespace

IgnoreMatcher::IgnoreMatcher() : patterns_(std::make_unique<const Patterns>()) {}
IgnoreMatcher::IgnoreMatcher(IgnoreMatcher&&) noexcept = default;
IgnoreMatcher& IgnoreMatcher::operator=(IgnoreMatcher&&) noexcept = default;
IgnoreMatcher::~IgnoreMatcher() = default;

Result<IgnoreMatcher> IgnoreMatcher::compile(const std::vector<std::string>& patterns) {
    auto compiled = std::make_unique<Patterns>();
    for (const std::string& text : patterns) {
        std::string_view pattern = oci::trim(text);
        if (pattern.empty()) continue;
        Patterns::Line line;
        line.takes_back = pattern.starts_with('!');
        if (line.takes_back) pattern.remove_prefix(1);
        if (pattern.empty()) return oci::failure(oci::ErrorCode::invalid, "a lone ! is no pattern");
        std::string clean = cleaned(pattern);
        if (clean.size() > 1 && clean.front() == '/') clean.erase(0, 1);
        line.pattern = TRY(PathPattern::compile(clean));
        compiled->lines.push_back(std::move(line));
    }
    IgnoreMatcher matcher;
    matcher.patterns_ = std::move(compiled);
    return matcher;
}

bool IgnoreMatcher::is_ignored(std::string_view path) const {
    bool ignored = false;
    for (const Patterns::Line& line : patterns_->lines)
        if (line.takes_back == ignored && line.pattern.matches_path_or_parent(path))
            ignored = !line.takes_back;
    return ignored;
}

bool IgnoreMatcher::may_hold_exceptions(std::string_view directory) const {
    for (const Patterns::Line& line : patterns_->lines)
        if (line.takes_back && line.pattern.may_match_below(directory)) return true;
    return false;
}

bool IgnoreMatcher::has_exceptions() const {
    for (const Patterns::Line& line : patterns_->lines)
        if (line.takes_back) return true;
    return false;
}

bool IgnoreMatcher::empty() const {
    return patterns_->lines.empty();
}

Result<std::vector<std::string>> parse_ignore_file(std::string_view text, const std::string& file) {
    if (text.size() > largest_file)
        return oci::failure(oci::ErrorCode::invalid, file + ": the file is larger than 1 MiB");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<std::string> patterns;
    std::uint32_t number = 0;
    for (const std::string& line : oci::split(text, '\n')) {
        ++number;
        if (line.starts_with('#')) continue;
        std::string_view pattern = oci::trim(line);
        if (pattern.empty()) continue;
        const auto wrong = [&](const std::string& message) {
            const auto column = static_cast<std::uint32_t>(line.find_first_not_of(" \t") + 1);
            const Place place{.line = number, .column = column, .last_line = number};
            return error_at(file, text, place, message);
        };
        const bool takes_back = pattern.starts_with('!');
        if (takes_back) pattern = oci::trim(pattern.substr(1));
        if (pattern.empty()) return wrong("a lone ! is no pattern");
        std::string clean = cleaned(pattern);
        if (clean.size() > 1 && clean.front() == '/') clean.erase(0, 1);
        if (const auto compiled = PathPattern::compile(clean); !compiled) return wrong(compiled.error().text);
        patterns.push_back((takes_back ? "!" : "") + clean);
        if (patterns.size() > most_patterns) return wrong("the file has more than 10000 patterns");
    }
    return patterns;
}

}  // namespace ocimg::dockerfile
