#pragma once
// .dockerignore and COPY --exclude: which paths of a context are left out. Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// The patterns of an ignore file, compiled. Later patterns win; "!" takes back; a pattern that matches a
/// directory matches all below it.
class IgnoreMatcher {
public:
    /// Matches nothing.
    IgnoreMatcher();
    IgnoreMatcher(IgnoreMatcher&&) noexcept;
    IgnoreMatcher& operator=(IgnoreMatcher&&) noexcept;
    IgnoreMatcher(const IgnoreMatcher&) = delete;
    IgnoreMatcher& operator=(const IgnoreMatcher&) = delete;
    ~IgnoreMatcher();

    /// Compiles patterns as parse_ignore_file gives them.
    static oci::Result<IgnoreMatcher> compile(const std::vector<std::string>& patterns);

    /// Whether the path (relative, with '/', no "." or ".." in it) is left out.
    [[nodiscard]] bool is_ignored(std::string_view path) const;
    /// For a directory that is left out: whether something below may still be taken back by a "!" pattern. If
    /// not, a walk need not enter it.
    [[nodiscard]] bool may_hold_exceptions(std::string_view directory) const;
    /// Whether there is a "!" pattern at all.
    [[nodiscard]] bool has_exceptions() const;
    [[nodiscard]] bool empty() const;

private:
    struct Patterns;
    std::unique_ptr<const Patterns> patterns_;
};

/// The patterns of an ignore file: comments ('#' in the first column) and empty lines gone, spaces trimmed,
/// paths cleaned, a leading '/' dropped, "!" kept.
oci::Result<std::vector<std::string>> parse_ignore_file(std::string_view text, const std::string& file);

}  // namespace ocimg::dockerfile
