#pragma once
// Writing one blob into a layout: hashed on the way, visible under its digest only when it is whole.

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg {

/// A file that has no name yet (O_TMPFILE), or a temporary one where the file system cannot do that. When
/// the writer is dropped without commit(), or the process is killed, no blob appears.
class BlobWriter final : public ByteSink {
public:
    /// `directory` is blobs/sha256 of a layout, opened for reading.
    static oci::Result<BlobWriter> open(oci::Fd directory);
    ~BlobWriter() override;
    BlobWriter(BlobWriter&& other) noexcept;
    BlobWriter& operator=(BlobWriter&&) = delete;
    BlobWriter(const BlobWriter&) = delete;
    BlobWriter& operator=(const BlobWriter&) = delete;

    oci::Result<void> write(std::span<const std::byte> data) override;

    struct Written {
        std::string digest;
        std::uint64_t size = 0;
    };
    /// Syncs the content and gives it the name of its digest; a blob of that name is replaced, so that a
    /// damaged one is healed. The writer is finished afterwards.
    oci::Result<Written> commit();

private:
    BlobWriter(oci::Fd directory, oci::Fd file, std::string temporary_name);
    /// Makes the content visible as `name`.
    oci::Result<void> publish(const std::string& name);

    oci::Fd directory_;
    oci::Fd file_;
    std::string temporary_name_;  // empty: the file has no name
    Hasher hasher_;
    std::uint64_t size_ = 0;
};

}  // namespace ocimg
