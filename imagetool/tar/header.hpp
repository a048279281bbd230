#pragma once
// The 512-byte blocks of a tar archive as values: ustar (POSIX.1-1988), old v7 and GNU headers. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

inline constexpr std::size_t tar_block_size = 512;

/// One header block, before the extensions of the blocks in front of it are applied.
struct RawHeader {
    char type = '0';
    std::string name;
    std::string link_target;
    std::uint32_t mode = 0;
    std::int64_t uid = 0;
    std::int64_t gid = 0;
    std::int64_t size = 0;  // of the data that follows
    std::int64_t mtime = 0;
    std::int64_t device_major = 0;
    std::int64_t device_minor = 0;
    // Old GNU sparse headers (type 'S').
    std::vector<SparseSegment> segments;
    std::int64_t real_size = 0;
    bool more_segments = false;
};

/// Whether all bytes of a block are zero: the mark of an archive's end.
bool is_zero_block(std::span<const std::byte> block);

/// Reads one header block. A wrong checksum or a number out of its field's range is an error.
oci::Result<RawHeader> parse_header(std::span<const std::byte> block);

/// Reads one continuation block of an old GNU sparse map; true means that another follows.
oci::Result<bool> parse_sparse_block(std::span<const std::byte> block, std::vector<SparseSegment>& segments);

/// A number field: octal digits with blanks around them, or GNU base-256 (two's complement).
oci::Result<std::int64_t> parse_number(std::string_view field);

/// Rounds up to whole blocks.
constexpr std::uint64_t padded_to_block(std::uint64_t size) {
    return (size + (tar_block_size - 1)) / tar_block_size * tar_block_size;
}

}  // namespace ocimg
