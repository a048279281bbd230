#pragma once
// Dates and times as image-spec writes them: RFC 3339 section 5.6.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oci::spec {

/// A moment: seconds since 1970 in UTC, and nanoseconds after that second.
struct Timestamp {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;

    bool operator==(const Timestamp&) const = default;
};

/// Reads "2015-10-31T22:22:56.015925234Z" or with an offset "+01:00". Impossible dates are errors; a
/// leap second (:60) is taken as the second after :59; digits beyond nanoseconds are dropped.
Result<Timestamp> parse_timestamp(std::string_view text);

/// The moment in UTC: "2015-10-31T22:22:56Z", with a fraction only when there is one. Years 0 to 9999.
std::string to_text(const Timestamp& moment);

}  // namespace oci::spec
