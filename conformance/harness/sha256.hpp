#pragma once
// SHA-256 by FIPS 180-4: the suite names blobs itself, with nothing of the tools it tests.

#include <string>
#include <string_view>

namespace conformance {

/// 64 hexadecimal digits.
std::string sha256(std::string_view data);
/// CRC-32 as gzip has it.
unsigned crc32(std::string_view data);

}  // namespace conformance
