#pragma once
// Base64 (RFC 4648 section 4). Pure.

#include <optional>
#include <string>
#include <string_view>

namespace oci {

std::string to_base64(std::string_view data);
/// Nothing when the text is not base64; padding may be left out.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace oci
