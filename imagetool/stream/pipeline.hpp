#pragma once
// Stages of a stream on threads of their own, joined by a few fixed buffers: memory does not grow
// with what passes through.

#include <memory>
#include <span>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// A source that can also be read without copying.
class BlockSource : public ByteSource {
public:
    /// The next bytes, valid until the next call of any member; empty at the end.
    virtual oci::Result<std::span<const std::byte>> next_block() = 0;
};

/// Reads ahead from `source` on another thread. The source must outlive this value and must not be
/// used by anybody else meanwhile. Dropping it stops the thread after the read it is in.
class ReadAheadSource final : public BlockSource {
public:
    explicit ReadAheadSource(ByteSource& source);
    ~ReadAheadSource() override;
    ReadAheadSource(const ReadAheadSource&) = delete;
    ReadAheadSource& operator=(const ReadAheadSource&) = delete;

    oci::Result<std::span<const std::byte>> next_block() override;
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override;

private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
    std::span<const std::byte> rest_;
};

/// Writes into `sink` on another thread. finish() waits for all of it and gives the first error;
/// without finish() what is still queued may be lost.
class WriteBehindSink final : public ByteSink {
public:
    explicit WriteBehindSink(ByteSink& sink);
    ~WriteBehindSink() override;
    WriteBehindSink(const WriteBehindSink&) = delete;
    WriteBehindSink& operator=(const WriteBehindSink&) = delete;

    oci::Result<void> write(std::span<const std::byte> data) override;
    oci::Result<void> finish();

private:
    struct Shared;
    oci::Result<void> hand_over();
    std::unique_ptr<Shared> shared_;
};

/// Gives any source block by block, on the caller's thread.
class BufferedSource final : public BlockSource {
public:
    explicit BufferedSource(ByteSource& source);
    oci::Result<std::span<const std::byte>> next_block() override;
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return source_.read(buffer); }

private:
    ByteSource& source_;
    std::vector<std::byte> buffer_;
};

}  // namespace ocimg
