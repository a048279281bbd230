#pragma once
// Zstandard (RFC 8878) by libzstd: several frames, skippable ones among them, are read; one is written.

#include <memory>

#include "imagetool/stream/compression.hpp"

namespace ocimg {

/// Decompresses every frame of `compressed`; skippable frames (zstd:chunked) are passed over. A window
/// above 128 MiB, damage, a missing end and bytes that are no frame are errors.
std::unique_ptr<ByteSource> open_zstd_source(ByteSource& compressed);

/// Compresses into one frame with a checksum; `level` is that of the zstd program.
std::unique_ptr<Compressor> open_zstd_sink(ByteSink& sink, int level = 3);

}  // namespace ocimg
