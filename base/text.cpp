#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace oci {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = text.find(separator, begin);
        if (end == std::string_view::npos) break;
        parts.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    parts.emplace_back(text.substr(begin));
    return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string joined;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i != 0) joined += separator;
        joined += parts[i];
    }
    return joined;
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> found;
    std::size_t begin = 0;
    while ((begin = text.find_first_not_of(" \t\r\n", begin)) != std::string_view::npos) {
        std::size_t end = text.find_first_of(" \t\r\n", begin);
        if (end == std::string_view::npos) end = text.size();
        found.emplace_back(text.substr(begin, end - begin));
        begin = end;
    }
    return found;
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string to_upper(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return upper;
}

std::string quote(std::string_view text) {
    constexpr std::size_t longest = 200;
    constexpr std::string_view digits = "0123456789abcdef";
    const bool cut = text.size() > longest;
    const bool keep_high_bytes = is_utf8(text);
    std::string quoted = "\"";
    for (const char c : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (c == '\n') {
            quoted += "\\n";
        } else if (c == '\t') {
            quoted += "\\t";
        } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !keep_high_bytes)) {
            quoted += "\\x";
            quoted += digits[byte >> 4U];
            quoted += digits[byte & 0xfU];
        } else {
            quoted += c;
        }
    }
    return quoted + (cut ? "...\"" : "\"");
}

namespace {

/// How many continuation bytes follow this lead byte, or -1 for a byte that cannot lead.
int continuation_bytes(unsigned char lead) {
    if (lead < 0x80) return 0;
    if (lead >= 0xc2 && lead <= 0xdf) return 1;
    if (lead >= 0xe0 && lead <= 0xef) return 2;
    if (lead >= 0xf0 && lead <= 0xf4) return 3;
    return -1;
}

/// The length of the well-formed character that `text` begins with; 0 when it begins with none.
std::size_t sequence_length(std::string_view text) {
    constexpr std::array<std::uint32_t, 4> smallest = {0, 0x80, 0x800, 0x10000};
    const auto lead = static_cast<unsigned char>(text.front());
    const int more = continuation_bytes(lead);
    if (more < 0 || static_cast<std::size_t>(more) >= text.size()) return 0;
    std::uint32_t point = more == 0 ? lead : lead & (0x3fU >> static_cast<unsigned>(more));
    for (int k = 1; k <= more; ++k) {
        const auto next = static_cast<unsigned char>(text[static_cast<std::size_t>(k)]);
        if ((next & 0xc0U) != 0x80U) return 0;
        point = (point << 6U) | (next & 0x3fU);
    }
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < smallest[static_cast<std::size_t>(more)] || surrogate || point > 0x10ffff) return 0;
    return static_cast<std::size_t>(more) + 1;
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text.substr(i));
        if (length == 0) return false;
        i += length;
    }
    return true;
}

std::string to_utf8(std::string_view text) {
    std::string valid;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text.substr(i));
        valid += length == 0 ? "\xef\xbf\xbd" : text.substr(i, length);
        i += std::max<std::size_t>(length, 1);
    }
    return valid;
}

std::string count_of(std::size_t number, std::string_view singular) {
    return std::to_string(number) + " " + std::string(singular) + (number == 1 ? "" : "s");
}

}  // namespace oci
