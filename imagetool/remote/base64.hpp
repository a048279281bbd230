#pragma once
// Base64 (RFC 4648 section 4), for Basic authentication and for the credential files. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace ocimg {

std::string to_base64(std::string_view data);
/// Nothing when the text is not base64; padding may be left out.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace ocimg
