#pragma once
// Wildcards in COPY and ADD sources: * ? [a-z] [^a] and \ within one path component, as Go's filepath.Match.
// Pure.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// Whether the text has a wildcard at all (*, ? or [), not counting escaped ones.
bool has_wildcard(std::string_view pattern);
/// The text without its escapes, when it has no wildcard.
std::string unescaped_glob(std::string_view pattern);
/// An error names what is wrong with the pattern ("[a-" is not closed).
oci::Result<void> check_glob(std::string_view pattern);
/// Whether the whole path matches; '*' and '?' never match '/'. Time is linear in pattern times path. A
/// pattern that check_glob refuses matches nothing.
bool matches_glob(std::string_view pattern, std::string_view path);

}  // namespace ocimg::dockerfile
