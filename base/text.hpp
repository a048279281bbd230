#pragma once
// Text: splitting, strict integers, quoting for messages. Locale-free.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace oci {

/// The parts of `text` between separators; n separators give n + 1 parts, empty ones included.
std::vector<std::string> split(std::string_view text, char separator);
/// The parts joined with `separator` between them.
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// The non-empty words between spaces and tabs.
std::vector<std::string> words(std::string_view text);
/// `text` without spaces, tabs and line ends at both ends.
std::string_view trim(std::string_view text);
/// ASCII lower case.
std::string to_lower(std::string_view text);
/// ASCII upper case.
std::string to_upper(std::string_view text);

/// The whole of `text` as a number of type T in the given base: no sign prefix '+', no spaces, no
/// rest, in range; otherwise nothing.
template <class T>
std::optional<T> parse_integer(std::string_view text, int base = 10) {
    static_assert(std::is_integral_v<T>);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

/// `text` in double quotes, with control characters, quotes and backslashes escaped, and cut after
/// 200 bytes with "...": safe to print on a terminal, whatever a hostile input holds.
std::string quote(std::string_view text);

/// Whether `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);
/// `text` with U+FFFD in the place of every byte that is not part of well-formed UTF-8.
std::string to_utf8(std::string_view text);

/// "1 error", "2 errors".
std::string count_of(std::size_t number, std::string_view singular);

}  // namespace oci
