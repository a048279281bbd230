#include "imagetool/look/html.hpp"

#include <array>

#include "base/text.hpp"

namespace ocimg {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// Characters that change how their neighbours are shown: U+202A to U+202E, U+2066 to U+2069, U+200E, U+200F.
bool turns_direction(std::string_view text) {
    if (text.size() < 3 || text[0] != '\xe2') return false;
    const auto second = static_cast<unsigned char>(text[1]);
    const auto third = static_cast<unsigned char>(text[2]);
    if (second == 0x80) return (third >= 0xaa && third <= 0xae) || third == 0x8e || third == 0x8f;
    return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

}  // namespace

std::string html_text(std::string_view text) {
    const std::string valid = oci::to_utf8(text);
    std::string escaped;
    for (std::size_t i = 0; i < valid.size(); ++i) {
        const char c = valid[i];
        if (c == '&') {
            escaped += "&amp;";
        } else if (c == '<') {
            escaped += "&lt;";
        } else if (c == '>') {
            escaped += "&gt;";
        } else if (c == '"') {
            escaped += "&quot;";
        } else if (c == '\'') {
            escaped += "&#39;";
        } else if (turns_direction(std::string_view(valid).substr(i))) {
            escaped += replacement;
            i += 2;
        } else if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == '\x7f') {
            escaped += replacement;
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string html_size(std::uint64_t bytes) {
    constexpr std::array<const char*, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) return std::to_string(bytes) + " B";
    std::size_t unit = 0;
    std::uint64_t rest = 0;
    for (; bytes >= 1000; ++unit) {
        rest = bytes % 1000;
        bytes /= 1000;
    }
    return std::to_string(bytes) + "." + std::to_string(rest / 100) + " " + units.at(unit);
}

}  // namespace ocimg
