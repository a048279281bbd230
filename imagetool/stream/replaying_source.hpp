#pragma once
// A source whose first bytes were read already, to tell what it is.

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// Gives back the bytes that were read, then the rest of the source.
class ReplayingSource final : public ByteSource {
public:
    ReplayingSource(std::span<const std::byte> start, ByteSource& rest)
        : start_(start.begin(), start.end()), rest_(rest) {}

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        const std::size_t count = std::min(buffer.size(), start_.size() - given_);
        if (count == 0) return rest_.read(buffer);
        std::memcpy(buffer.data(), start_.data() + given_, count);
        given_ += count;
        return count;
    }

private:
    std::vector<std::byte> start_;
    std::size_t given_ = 0;
    ByteSource& rest_;
};

}  // namespace ocimg
