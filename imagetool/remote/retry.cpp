#include "imagetool/remote/retry.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/interruption.hpp"
#include "base/text.hpp"

namespace ocimg {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_pause = std::chrono::seconds(60);
constexpr milliseconds longest_in_all = std::chrono::minutes(5);

double random_fraction() {
    std::uint32_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) return 0.5;
    return static_cast<double>(number) / 4294967296.0;
}

/// An IMF-fixdate of RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT". strptime would ask the locale.
std::optional<std::chrono::system_clock::time_point> parse_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto parts = oci::words(text);
    if (parts.size() != 6 || parts[5] != "GMT") return std::nullopt;
    const auto clock = oci::split(parts[4], ':');
    const auto* const month = std::find(months.begin(), months.end(), parts[2]);
    const auto day = oci::parse_integer<int>(parts[1]);
    const auto year = oci::parse_integer<int>(parts[3]);
    if (clock.size() != 3 || month == months.end() || !day || !year) return std::nullopt;
    std::array<int, 3> time{};
    for (std::size_t i = 0; i < time.size(); ++i) {
        const auto number = oci::parse_integer<int>(clock[i]);
        if (!number) return std::nullopt;
        time.at(i) = *number;
    }
    std::tm moment{};
    moment.tm_year = *year - 1900;
    moment.tm_mon = static_cast<int>(month - months.begin());
    moment.tm_mday = *day;
    moment.tm_hour = time[0];
    moment.tm_min = time[1];
    moment.tm_sec = time[2];
    return std::chrono::system_clock::from_time_t(::timegm(&moment));
}

}  // namespace

bool is_retryable_status(int status) {
    return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::optional<milliseconds> parse_retry_after(std::string_view text,
                                              std::chrono::system_clock::time_point now) {
    milliseconds pause{0};
    if (const auto seconds = oci::parse_integer<std::uint32_t>(oci::trim(text)); seconds.has_value()) {
        pause = std::chrono::seconds(*seconds);
    } else if (const auto date = parse_date(text); date.has_value()) {
        pause = std::chrono::duration_cast<milliseconds>(*date - now);
    } else {
        return std::nullopt;
    }
    return std::clamp(pause, milliseconds(0), longest_pause);
}

milliseconds pause_before(int next, std::optional<milliseconds> asked, double jitter) {
    const milliseconds own = milliseconds(500) * (1U << static_cast<unsigned>(std::clamp(next - 2, 0, 7)));
    const milliseconds base = std::min(asked.value_or(own), longest_pause);
    return base + milliseconds(static_cast<std::int64_t>(static_cast<double>(base.count()) * jitter / 5.0));
}

bool RetryBudget::wait_for_next(std::optional<milliseconds> asked) {
    if (tries_ >= most_tries) return false;
    const milliseconds pause = pause_before(tries_ + 1, asked, random_fraction());
    if (waited_ + pause > longest_in_all) return false;
    ++tries_;
    waited_ += pause;
    return oci::wait_uninterrupted(pause).has_value();
}

std::optional<milliseconds> asked_pause(const HttpResponse& response) {
    const auto header = response.headers.find("retry-after");
    if (!header.has_value()) return std::nullopt;
    return parse_retry_after(*header, std::chrono::system_clock::now());
}

}  // namespace ocimg
