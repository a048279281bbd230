#pragma once
// "did you mean ...?" for mistyped names. Pure.

#include <span>
#include <string>
#include <string_view>

namespace ocimg::dockerfile {

/// The candidate that differs least from `text` (letters swapped, missing, added or wrong; case does not
/// count), or "" when none is near enough to be meant.
std::string_view nearest_name(std::string_view text, std::span<const std::string_view> candidates);
/// " (did you mean NAME?)", or "".
std::string did_you_mean(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace ocimg::dockerfile
