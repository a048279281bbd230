#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "imagetool/image/set_config.hpp"

namespace ocimg {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
constexpr std::array<Unit, 7> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\xc2\xb5s", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000}}};

/// Takes "12.5" off the front: the whole part and billionths, at most nine digits each.
struct Amount {
    std::int64_t whole = 0;
    std::int64_t billionths = 0;
};

std::string_view take_digits(std::string_view& rest) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const std::string_view digits = rest.substr(0, end);
    rest.remove_prefix(end);
    return digits;
}

std::optional<Amount> take_amount(std::string_view& rest) {
    const std::string_view whole = take_digits(rest);
    std::string fraction;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        fraction = take_digits(rest);
        if (fraction.empty()) return std::nullopt;
    }
    if (whole.empty() || whole.size() > 9 || fraction.size() > 9) return std::nullopt;
    fraction.resize(9, '0');
    return Amount{*oci::parse_integer<std::int64_t>(whole), *oci::parse_integer<std::int64_t>(fraction)};
}

const Unit* take_unit(std::string_view& rest) {
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789."));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        rest.remove_prefix(name.size());
        return &unit;
    }
    return nullptr;
}

}  // namespace

oci::Result<std::int64_t> parse_check_time(std::string_view text) {
    const oci::Error bad =
        oci::failure(oci::ErrorCode::invalid,
                     oci::quote(text) + " is not a time: expected numbers with h, m, s or ms, as in 1m30s");
    if (text == "0") return std::int64_t{0};
    constexpr std::int64_t longest =
        292LL * 365 * 24 * 3'600'000'000'000;  // what 63 bits hold, in whole years
    std::string_view rest = text;
    std::int64_t sum = 0;
    do {
        const auto amount = take_amount(rest);
        const Unit* const unit = take_unit(rest);
        if (!amount.has_value() || unit == nullptr) return bad;
        if (amount->whole > longest / unit->nanoseconds - 1) return bad;
        // A fraction of an hour has more digits than 64 bits hold: in two steps.
        const std::int64_t part = unit->nanoseconds >= 1'000'000'000
                                      ? amount->billionths * (unit->nanoseconds / 1'000'000'000)
                                      : amount->billionths * unit->nanoseconds / 1'000'000'000;
        sum += amount->whole * unit->nanoseconds + part;
        if (sum > longest) return bad;
    } while (!rest.empty());
    return sum;
}

}  // namespace ocimg
