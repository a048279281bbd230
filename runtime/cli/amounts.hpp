#pragma once
// Numbers as people and engines type them on the command line. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocirun {

/// Bytes: "-1", "1048576", "512k", "1.5g", "64MiB"; the units are powers of 1024. Nothing for other text.
std::optional<std::int64_t> parse_bytes(std::string_view text);

/// A duration as Go writes it: "5s", "1m30s", "250ms", "1.5h". Nanoseconds; nothing for other text or less
/// than zero.
std::optional<std::int64_t> parse_duration(std::string_view text);

}  // namespace ocirun
