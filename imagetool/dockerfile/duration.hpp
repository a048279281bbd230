#pragma once
// Durations and sizes as flags take them: "1m30s", "1.5h", "64m". Pure.

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// Nanoseconds of a text in Go's form: numbers, with fraction or not, each with ns, us, ms, s, m or h. "0" is
/// zero.
oci::Result<std::int64_t> parse_duration(std::string_view text);
/// Bytes of "10", "64k", "1.5gb", "2GiB"; the steps are 1024.
oci::Result<std::int64_t> parse_byte_size(std::string_view text);

}  // namespace ocimg::dockerfile
