#pragma once
// A pipe inside the process: one thread writes, another one reads, and the bytes between them are bounded.

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// Written by one thread, read by another one. The reader sees the end after close(), or the error given
/// there.
class BoundedPipe final : public ByteSink, public ByteSource {
public:
    explicit BoundedPipe(std::size_t capacity) : buffer_(capacity) {}

    /// Waits for room. An error when the reader has gone.
    oci::Result<void> write(std::span<const std::byte> data) override;
    /// Ends the writing side.
    void close(const oci::Result<void>& outcome);

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override;
    /// Ends the reading side: what is still written is refused.
    void abandon();

private:
    std::vector<std::byte> buffer_;
    std::size_t first_ = 0;
    std::size_t filled_ = 0;
    bool closed_ = false;
    bool abandoned_ = false;
    std::optional<oci::Error> error_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

}  // namespace ocimg
