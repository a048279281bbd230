#pragma once
// Writes a tar archive: plain ustar where it suffices, PAX records where it does not. The same entries
// give the same bytes.

#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

class TarWriter {
public:
    /// Writes into `sink`, which must outlive the writer.
    explicit TarWriter(ByteSink& sink) : sink_(sink) {}

    /// Starts an entry. The content of the one before must be complete. Sparse maps are not written.
    oci::Result<void> add(const Entry& entry);
    /// More of the current file's content; in all exactly Entry::size bytes.
    oci::Result<void> write_data(std::span<const std::byte> data);
    /// Ends the archive with two zero blocks.
    oci::Result<void> finish();

private:
    oci::Result<void> complete_entry();

    ByteSink& sink_;
    std::uint64_t data_left_ = 0;
    std::uint64_t padding_left_ = 0;
};

/// The PAX records that `entry` needs beside its ustar header; empty when it needs none.
std::string pax_records_for(const Entry& entry);

}  // namespace ocimg
