#pragma once
// The patterns of ${name#pattern} and its kin: '*', '?' and '\'. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// A compiled pattern. '*' is any text, '?' any character, neither a line end; '\' takes the meaning of what
/// follows.
class ShellPattern {
public:
    static oci::Result<ShellPattern> parse(std::string_view pattern);

    /// The length of the shortest or longest beginning of `text` that matches; nothing when none does.
    /// `steps` is the work still allowed; when it is used up, the answer is an error.
    oci::Result<std::optional<std::size_t>> match_prefix(std::string_view text, bool longest,
                                                         std::size_t& steps) const;
    /// The same for the end of the text.
    oci::Result<std::optional<std::size_t>> match_suffix(std::string_view text, bool longest,
                                                         std::size_t& steps) const;
    /// Replaces the first match, or all of them.
    oci::Result<std::string> replace(std::string_view text, std::string_view replacement, bool all,
                                     std::size_t& steps) const;

private:
    enum class Kind : std::uint8_t { literal, any_one, any_text };
    struct Part {
        Kind kind = Kind::literal;
        std::string character;  // UTF-8 of a literal
    };
    template <class Characters>
    static oci::Result<std::optional<std::size_t>> match(const std::vector<Part>& parts, Characters text,
                                                         bool longest, std::size_t& steps);

    std::vector<Part> parts_;
};

}  // namespace ocimg::dockerfile
