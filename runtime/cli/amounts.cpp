#include "runtime/cli/amounts.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "base/text.hpp"

namespace ocirun {

namespace {

/// Digits with at most one point between them; what follows is left in `text`.
std::optional<double> take_decimal(std::string_view& text) {
    const std::size_t end = text.find_first_not_of("0123456789.");
    const std::string_view number = text.substr(0, end);
    text.remove_prefix(number.size());
    const std::size_t point = number.find('.');
    const std::string_view whole = number.substr(0, point);
    const std::string_view part = point == std::string_view::npos ? "" : number.substr(point + 1);
    if ((whole.empty() && part.empty()) || part.find('.') != std::string_view::npos) return std::nullopt;
    double value = 0;
    for (const char digit : whole) value = value * 10 + (digit - '0');
    double weight = 0.1;
    for (const char digit : part) {
        value += weight * (digit - '0');
        weight /= 10;
    }
    return value;
}

std::optional<std::int64_t> to_whole(double value) {
    if (!(value < static_cast<double>(std::numeric_limits<std::int64_t>::max()))) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

struct Unit {
    std::string_view name;
    double nanoseconds;
};
constexpr std::array units = {Unit{"ns", 1},  Unit{"us", 1e3}, Unit{"µs", 1e3},  Unit{"ms", 1e6},
                              Unit{"s", 1e9}, Unit{"m", 60e9}, Unit{"h", 3600e9}};

std::optional<double> take_unit(std::string_view& text) {
    const std::size_t end = text.find_first_of("0123456789.");
    const std::string_view name = text.substr(0, end);
    text.remove_prefix(name.size());
    for (const Unit& unit : units) {
        if (unit.name == name) return unit.nanoseconds;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_bytes(std::string_view text) {
    if (const auto plain = oci::parse_integer<std::int64_t>(text)) {
        return *plain >= -1 ? plain : std::nullopt;
    }
    const auto number = take_decimal(text);
    if (!number) return std::nullopt;
    const std::string rest = oci::to_lower(oci::trim(text));
    std::string_view unit = rest;
    constexpr std::string_view letters = "kmgtp";
    double factor = 1;
    if (!unit.empty() && letters.find(unit.front()) != std::string_view::npos) {
        factor = std::pow(1024.0, static_cast<double>(letters.find(unit.front()) + 1));
        unit.remove_prefix(1);
        if (unit.starts_with('i')) unit.remove_prefix(1);
    }
    if (!unit.empty() && unit != "b") return std::nullopt;
    return to_whole(*number * factor);
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
    if (text == "0") return 0;
    if (text.empty()) return std::nullopt;
    double total = 0;
    while (!text.empty()) {
        const auto number = take_decimal(text);
        if (!number) return std::nullopt;
        const auto unit = take_unit(text);
        if (!unit) return std::nullopt;
        total += *number * *unit;
    }
    return to_whole(total);
}

}  // namespace ocirun
