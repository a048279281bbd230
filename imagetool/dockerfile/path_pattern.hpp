#pragma once
// One pattern of an ignore file, compiled: * ? [a-z] \ and **, as Docker's patternmatcher reads them. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// A pattern that answers for a path and its parents in one pass over the path.
///
/// '*' and '?' do not match '/'. "**" and "**/" match any directories, or none. Two pecularities are kept,
/// since files rely on them: "**name" matches every path that ends with "name", and a class ([^a]) matches
/// '/' too.
class PathPattern {
public:
    /// `pattern` is clean: no "." or ".." parts, no '/' in front or behind.
    static oci::Result<PathPattern> compile(std::string_view pattern);

    /// Whether the pattern matches the path or one of the directories it is in.
    [[nodiscard]] bool matches_path_or_parent(std::string_view path) const;
    /// Whether it matches the path itself.
    [[nodiscard]] bool matches(std::string_view path) const;
    /// Whether something below the directory could match, as far as the pattern's fixed beginning tells.
    [[nodiscard]] bool may_match_below(std::string_view directory) const;

private:
    enum class Kind : std::uint8_t { exact, prefix, suffix, general };
    enum class PartKind : std::uint8_t { literal, any_one, any_in_name, any_directories, any_text, set };
    struct Part {
        PartKind kind = PartKind::literal;
        std::uint32_t point = 0;  // of a literal
        bool negated = false;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
    };

    oci::Result<void> read(std::string_view pattern);
    static oci::Result<Part> read_set(std::string_view& rest, std::string_view pattern);
    [[nodiscard]] bool run(std::string_view path, bool parents_too) const;
    static bool accepts(const Part& part, std::uint32_t point);

    Kind kind_ = Kind::exact;
    std::string text_;   // exact: the path; prefix and suffix: what is left without the stars
    std::string fixed_;  // the directories before the first wildcard
    std::vector<Part> parts_;
};

}  // namespace ocimg::dockerfile
