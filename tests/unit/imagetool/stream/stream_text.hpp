#pragma once
// Whole texts through sources and sinks, for tests.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/stream/compression.hpp"

namespace ocimg::test {

/// Gives a text in pieces of at most `step` bytes.
class SteppingSource final : public ByteSource {
public:
    SteppingSource(std::string text, std::size_t step) : text_(std::move(text)), inner_(text_), step_(step) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        return inner_.read(buffer.first(std::min(buffer.size(), step_)));
    }

private:
    std::string text_;
    MemorySource inner_;
    std::size_t step_;
};

/// Everything that a source gives, read in pieces of `step` bytes.
inline oci::Result<std::string> read_text(ByteSource& source, std::size_t step = 1000) {
    std::string text;
    std::vector<std::byte> buffer(step);
    for (;;) {
        const std::size_t count = TRY(source.read(buffer));
        if (count == 0) return text;
        text.append(text_of(std::span(buffer).first(count)));
    }
}

inline std::string compress(Compression compression, std::string_view text) {
    MemorySink sink;
    const std::unique_ptr<Compressor> compressor = open_compressor(compression, sink);
    EXPECT_TRUE(compressor->write(bytes_of(text)).has_value());
    EXPECT_TRUE(compressor->finish().has_value());
    return sink.data();
}

inline oci::Result<std::string> decompress(Compression compression, const std::string& blob,
                                           std::size_t step = 1000) {
    SteppingSource source(blob, step);
    const std::unique_ptr<ByteSource> plain = open_decompressor(compression, source);
    return read_text(*plain, step);
}

/// Text that compresses, but not to nothing.
inline std::string sample_text(std::size_t size) {
    std::string text;
    std::uint32_t state = 1;
    while (text.size() < size) {
        state = state * 1664525U + 1013904223U;
        text += "line " + std::to_string(state >> 20U) + "\n";
    }
    text.resize(size);
    return text;
}

}  // namespace ocimg::test
