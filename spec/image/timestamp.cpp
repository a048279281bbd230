#include "spec/image/timestamp.hpp"

#include <array>
#include <cstdio>
#include <optional>

#include "base/text.hpp"

namespace oci::spec {

namespace {

constexpr std::int64_t seconds_per_day = 86400;

/// Days since 1970-01-01 of a date of the Gregorian calendar, counted in 400-year eras that begin in March.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
    if (month <= 2) --year;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct Date {
    std::int64_t year, month, day;
};

/// The inverse of days_of.
Date date_of(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t day_of_era = days - era * 146097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted = (5 * day_of_year + 2) / 153;
    const std::int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
    constexpr std::array<std::int64_t, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days.at(static_cast<std::size_t>(month - 1)) + (month == 2 && leap ? 1 : 0);
}

/// Takes fixed pieces off the front of a text; after the first misfit everything is a misfit.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    std::int64_t number(std::size_t digits, std::int64_t least, std::int64_t most) {
        const auto value = parse_integer<std::int64_t>(rest_.substr(0, digits));
        if (rest_.size() < digits || !value.has_value() || *value < least || *value > most) fail();
        if (!good_) return least;
        rest_.remove_prefix(digits);
        return *value;
    }
    char one_of(std::string_view allowed) {
        if (rest_.empty() || allowed.find(rest_[0]) == std::string_view::npos) fail();
        if (!good_) return '\0';
        const char found = rest_[0];
        rest_.remove_prefix(1);
        return found;
    }
    [[nodiscard]] bool next_is(char c) const { return good_ && !rest_.empty() && rest_[0] == c; }
    std::string_view digits() {
        const std::size_t end = rest_.find_first_not_of("0123456789");
        const std::string_view found = rest_.substr(0, end);
        if (found.empty()) fail();
        rest_.remove_prefix(found.size());
        return found;
    }
    [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }

private:
    void fail() { good_ = false; }
    std::string_view rest_;
    bool good_ = true;
};

std::uint32_t nanoseconds_of(std::string_view digits) {
    std::string nine(digits.substr(0, 9));
    nine.resize(9, '0');
    return parse_integer<std::uint32_t>(nine).value_or(0);
}

}  // namespace

Result<Timestamp> parse_timestamp(std::string_view text) {
    Scanner scan(text);
    const std::int64_t year = scan.number(4, 0, 9999);
    scan.one_of("-");
    const std::int64_t month = scan.number(2, 1, 12);
    scan.one_of("-");
    const std::int64_t day = scan.number(2, 1, days_in_month(year, month));
    scan.one_of("Tt");
    const std::int64_t hour = scan.number(2, 0, 23);
    scan.one_of(":");
    const std::int64_t minute = scan.number(2, 0, 59);
    scan.one_of(":");
    const std::int64_t second = scan.number(2, 0, 60);
    Timestamp moment;
    if (scan.next_is('.')) {
        scan.one_of(".");
        moment.nanoseconds = nanoseconds_of(scan.digits());
    }
    const char zone = scan.one_of("Zz+-");
    std::int64_t offset = 0;
    if (zone == '+' || zone == '-') {
        offset = scan.number(2, 0, 23) * 3600;
        scan.one_of(":");
        offset += scan.number(2, 0, 59) * 60;
        if (zone == '-') offset = -offset;
    }
    if (!scan.finished()) {
        return failure(ErrorCode::invalid, quote(text) +
                                               " is not a date and time by RFC 3339, such as "
                                               "\"2015-10-31T22:22:56Z\"");
    }
    moment.seconds =
        days_of(year, month, day) * seconds_per_day + hour * 3600 + minute * 60 + second - offset;
    return moment;
}

std::string to_text(const Timestamp& moment) {
    std::int64_t days = moment.seconds / seconds_per_day;
    std::int64_t rest = moment.seconds % seconds_per_day;
    if (rest < 0) {
        rest += seconds_per_day;
        --days;
    }
    const Date date = date_of(days);
    std::array<char, 96> text{};
    std::snprintf(text.data(), text.size(), "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld",
                  static_cast<long long>(date.year), static_cast<long long>(date.month),
                  static_cast<long long>(date.day), static_cast<long long>(rest / 3600),
                  static_cast<long long>(rest / 60 % 60), static_cast<long long>(rest % 60));
    std::string result = text.data();
    if (moment.nanoseconds != 0) {
        std::snprintf(text.data(), text.size(), ".%09u", moment.nanoseconds);
        result += text.data();
        result.erase(result.find_last_not_of('0') + 1);
    }
    return result + "Z";
}

}  // namespace oci::spec
