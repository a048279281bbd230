#pragma once
// Which compression a layer has, by its media type and by its first bytes, and the readers and
// writers that go with it.

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

enum class Compression { none, gzip, zstd };

/// The compression that a layer's media type names (OCI, Docker, with or without "nondistributable").
/// A media type that is not a tar layer is an error of code `unsupported`.
oci::Result<Compression> compression_of_media_type(std::string_view media_type);

/// The compression that the first bytes of a blob show. Four bytes are enough; anything unknown is
/// taken for a plain tar.
Compression compression_of_magic(std::span<const std::byte> start);

/// The OCI media type of a layer with this compression.
std::string_view layer_media_type(Compression compression);

/// "none", "gzip" or "zstd".
std::string_view name_of(Compression compression);

/// A source of the decompressed bytes of `compressed`, which must outlive it. Truncated or damaged
/// input is an error.
std::unique_ptr<ByteSource> open_decompressor(Compression compression, ByteSource& compressed);

/// The decompressed bytes, with the compression told by the first bytes of the source: tools label
/// layers wrongly, and the diff id says in the end whether the right bytes came out. A source of less
/// than four bytes has the compression `when_too_short`.
oci::Result<std::unique_ptr<ByteSource>> open_by_magic(ByteSource& source,
                                                       Compression when_too_short = Compression::none);

/// A sink that compresses into another one. finish() must be called after the last byte.
class Compressor : public ByteSink {
public:
    virtual oci::Result<void> finish() = 0;
};

/// How hard a compressor tries, on the scale that its users know: 0 to 9 for gzip, 1 to 19 for zstd.
struct LevelRange {
    int least = 0;
    int most = 0;
};
/// The levels of a compression; both ends 0 for none.
LevelRange levels_of(Compression compression);

/// A compressor into `sink`, which must outlive it. The output depends on the input and the level alone;
/// without a level, or with one outside of levels_of(), the default one is taken.
std::unique_ptr<Compressor> open_compressor(Compression compression, ByteSink& sink,
                                            std::optional<int> level = std::nullopt);

}  // namespace ocimg
