#pragma once
// Reads a tar archive entry by entry: ustar, PAX, GNU long names and sparse files, with fixed memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/entry.hpp"
#include "imagetool/tar/header.hpp"
#include "imagetool/tar/pax.hpp"

namespace ocimg {

/// A part of a file's content and where in the file it stands. Empty at the end of the file.
struct DataPiece {
    std::uint64_t offset = 0;
    std::span<const std::byte> bytes;
};

/// One pass over an archive. Limits: 1 MiB for the extended headers, the long names and the sparse map
/// of one entry (and for all global headers together), 10 million headers.
class TarReader {
public:
    explicit TarReader(BlockSource& source) : source_(source) {}

    /// Reads up to the next entry, past what is left of the last one. False at the archive's end: two
    /// zero blocks, or the end of the source after a whole entry.
    oci::Result<bool> next(Entry& entry);

    /// The next part of the current entry's content, valid until the next call of any member. Pieces of
    /// a sparse file leave out its holes.
    oci::Result<DataPiece> read_data();

    /// How many bytes of the source are used up: after next(), where the entry's content begins.
    [[nodiscard]] std::uint64_t position() const { return position_; }

    /// Reads the source to its end, whatever follows the archive.
    oci::Result<void> drain();

private:
    /// What the headers in front of an entry said about it.
    struct Extensions {
        std::optional<PaxRecords> pax;
        std::optional<std::string> long_name;
        std::optional<std::string> long_link;
    };

    oci::Result<bool> find_entry(Entry& entry);
    oci::Result<bool> take_extension(const RawHeader& header, Extensions& extensions);
    oci::Result<void> describe(const RawHeader& header, const Extensions& extensions, Entry& entry);
    oci::Result<void> describe_sparse(const RawHeader& header, const PaxRecords& pax, Entry& entry);
    oci::Result<void> read_old_sparse_map(const RawHeader& header, Entry& entry);
    oci::Result<void> read_sparse_map_in_data(Entry& entry);
    oci::Result<void> skip_entry_data();
    oci::Result<std::span<const std::byte>> next_header_block();
    oci::Result<std::span<const std::byte>> take(std::uint64_t most);
    oci::Result<std::span<const std::byte>> take_block();
    oci::Result<std::string> read_extension(std::int64_t size);

    BlockSource& source_;
    std::span<const std::byte> rest_;
    std::array<std::byte, tar_block_size> joined_block_{};
    std::uint64_t position_ = 0;
    std::uint64_t headers_ = 0;
    std::uint64_t data_left_ = 0;  // of the current entry, without padding
    std::uint64_t padding_left_ = 0;
    std::uint64_t data_offset_ = 0;  // in the file being read
    std::vector<SparseSegment> segments_;
    std::size_t segment_ = 0;
    PaxRecords global_;
    std::uint64_t global_size_ = 0;
};

}  // namespace ocimg
