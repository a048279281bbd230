#include "imagetool/dockerfile/duration.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::failure;
using oci::quote;
using oci::Result;

namespace {

__extension__ using Wide = __int128;

/// A decimal number at the start of `text`, which is taken away: units times `scale`, exact to the last one.
std::optional<std::int64_t> take_number(std::string_view& text, std::int64_t scale) {
    constexpr Wide most = std::numeric_limits<std::int64_t>::max();
    Wide value = 0;
    std::size_t at = 0;
    std::size_t digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
        value = value * 10 + (text[at] - '0');
        if (value > most) return std::nullopt;
    }
    value *= scale;
    if (value > most) return std::nullopt;
    if (at < text.size() && text[at] == '.') {
        ++at;
        Wide part = scale;
        Wide rest = 0;
        for (std::int64_t divisor = 10; at < text.size() && text[at] >= '0' && text[at] <= '9';
             ++at, ++digits) {
            if (divisor > scale * 10) continue;  // less than one unit
            rest += part * (text[at] - '0') / divisor;
            divisor *= 10;
        }
        value += rest;
    }
    if (digits == 0 || value > most) return std::nullopt;
    text.remove_prefix(at);
    return static_cast<std::int64_t>(value);
}

struct Unit {
    std::string_view name;
    std::int64_t scale;
};

constexpr std::array<Unit, 8> time_units = {{{"ns", 1},
                                             {"us", 1'000},
                                             {"\xC2\xB5s", 1'000},
                                             {"\xCE\xBCs", 1'000},
                                             {"ms", 1'000'000},
                                             {"s", 1'000'000'000},
                                             {"m", 60'000'000'000},
                                             {"h", 3'600'000'000'000}}};

/// The unit behind the number at the start of `text`.
const Unit* unit_after_number(std::string_view text) {
    const std::size_t start = text.find_first_not_of("0123456789.");
    if (start == std::string_view::npos) return nullptr;
    std::string_view name = text.substr(start);
    name = name.substr(0, name.find_first_of("0123456789."));
    for (const Unit& unit : time_units)
        if (unit.name == name) return &unit;
    return nullptr;
}

oci::Error no_duration(std::string_view text) {
    return failure(oci::ErrorCode::invalid,
                   quote(text) + " is no duration: numbers with ns, us, ms, s, m or h are, as 1m30s");
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest == "0") return std::int64_t{0};
    if (rest.empty()) return no_duration(text);
    std::int64_t total = 0;
    while (!rest.empty()) {
        const Unit* unit = unit_after_number(rest);
        if (unit == nullptr) return no_duration(text);
        const auto part = take_number(rest, unit->scale);
        const bool too_long = !part || *part > std::numeric_limits<std::int64_t>::max() - total;
        if (too_long || !rest.starts_with(unit->name)) return no_duration(text);
        total += *part;
        rest.remove_prefix(unit->name.size());
    }
    return negative ? -total : total;
}

Result<std::int64_t> parse_byte_size(std::string_view text) {
    const std::string lower = oci::to_lower(text);
    const std::size_t end = lower.find_first_not_of("0123456789.");
    std::string_view unit = std::string_view(lower).substr(end == std::string::npos ? lower.size() : end);
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    constexpr std::string_view steps = "kmgtp";
    std::int64_t scale = 1;
    if (!unit.empty() && unit != "b") {
        const std::size_t step = steps.find(unit.front());
        const std::string_view suffix = unit.substr(1);
        if (step == std::string_view::npos || (!suffix.empty() && suffix != "b" && suffix != "ib"))
            scale = 0;
        else
            scale = std::int64_t{1} << (10 * (step + 1));
    }
    std::string_view number = lower;
    const auto bytes = scale == 0 ? std::nullopt : take_number(number, scale);
    if (!bytes || lower.size() - number.size() != std::min(lower.size(), end)) {
        return failure(oci::ErrorCode::invalid,
                       quote(text) + " is no size: a number of bytes is, or one with k, m, g, t or p");
    }
    return *bytes;
}

}  // namespace ocimg::dockerfile
