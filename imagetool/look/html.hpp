#pragma once
// Text of an image inside HTML and SVG: data of strangers that must stay text.

#include <cstdint>
#include <string>
#include <string_view>

namespace ocimg {

/// `text` as HTML text or as a quoted attribute: markup escaped, bytes that are no UTF-8, control characters
/// and those that turn the direction of writing as U+FFFD.
std::string html_text(std::string_view text);

/// "38.2 MB"
std::string html_size(std::uint64_t bytes);

}  // namespace ocimg
