#include "imagetool/stream/compression.hpp"

#include <array>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "imagetool/stream/gzip.hpp"
#include "imagetool/stream/replaying_source.hpp"
#include "imagetool/stream/zstd.hpp"

namespace ocimg {
namespace {

struct LayerType {
    std::string_view name;
    Compression compression;
};

constexpr std::array layer_types = {
    LayerType{"application/vnd.oci.image.layer.v1.tar", Compression::none},
    LayerType{"application/vnd.oci.image.layer.v1.tar+gzip", Compression::gzip},
    LayerType{"application/vnd.oci.image.layer.v1.tar+zstd", Compression::zstd},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar", Compression::none},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Compression::gzip},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Compression::zstd},
    LayerType{"application/vnd.docker.image.rootfs.diff.tar", Compression::none},
    LayerType{"application/vnd.docker.image.rootfs.diff.tar.gzip", Compression::gzip},
    LayerType{"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::zstd},
    LayerType{"application/vnd.docker.image.rootfs.foreign.diff.tar", Compression::none},
    LayerType{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Compression::gzip},
    LayerType{"application/vnd.docker.container.image.rootfs.diff+x-gtar", Compression::none},
};

/// Keeps the replayed input alive as long as what is read through it.
class OwningSource final : public ByteSource {
public:
    OwningSource(std::unique_ptr<ByteSource> input, std::unique_ptr<ByteSource> output)
        : input_(std::move(input)), output_(std::move(output)) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return output_->read(buffer); }

private:
    std::unique_ptr<ByteSource> input_;
    std::unique_ptr<ByteSource> output_;
};

class PlainSource final : public ByteSource {
public:
    explicit PlainSource(ByteSource& source) : source_(source) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return source_.read(buffer); }

private:
    ByteSource& source_;
};

class PlainSink final : public Compressor {
public:
    explicit PlainSink(ByteSink& sink) : sink_(sink) {}
    oci::Result<void> write(std::span<const std::byte> data) override { return sink_.write(data); }
    oci::Result<void> finish() override { return {}; }

private:
    ByteSink& sink_;
};

}  // namespace

oci::Result<Compression> compression_of_media_type(std::string_view media_type) {
    for (const LayerType& type : layer_types) {
        if (type.name == media_type) return type.compression;
    }
    return oci::failure(
        oci::ErrorCode::unsupported,
        "layer media type " + oci::quote(media_type) +
            " is not supported: known are tar, tar+gzip and tar+zstd layers of OCI and Docker");
}

Compression compression_of_magic(std::span<const std::byte> start) {
    const std::string_view text = text_of(start);
    using namespace std::string_view_literals;
    if (text.substr(0, 2) == "\x1f\x8b"sv) return Compression::gzip;
    if (text.substr(0, 4) == "\x28\xb5\x2f\xfd"sv) return Compression::zstd;
    // A skippable frame may come first: 0x184D2A50 to 0x184D2A5F, little endian.
    if (text.size() >= 4 && text.substr(1, 3) == "\x2a\x4d\x18"sv &&
        (static_cast<unsigned char>(text[0]) & 0xF0U) == 0x50U) {
        return Compression::zstd;
    }
    return Compression::none;
}

std::string_view layer_media_type(Compression compression) {
    switch (compression) {
        case Compression::gzip:
            return "application/vnd.oci.image.layer.v1.tar+gzip";
        case Compression::zstd:
            return "application/vnd.oci.image.layer.v1.tar+zstd";
        case Compression::none:
            break;
    }
    return "application/vnd.oci.image.layer.v1.tar";
}

std::string_view name_of(Compression compression) {
    switch (compression) {
        case Compression::gzip:
            return "gzip";
        case Compression::zstd:
            return "zstd";
        case Compression::none:
            break;
    }
    return "none";
}

std::unique_ptr<ByteSource> open_decompressor(Compression compression, ByteSource& compressed) {
    switch (compression) {
        case Compression::gzip:
            return open_gzip_source(compressed);
        case Compression::zstd:
            return open_zstd_source(compressed);
        case Compression::none:
            break;
    }
    return std::make_unique<PlainSource>(compressed);
}

oci::Result<std::unique_ptr<ByteSource>> open_by_magic(ByteSource& source, Compression when_too_short) {
    std::array<std::byte, 4> start{};
    const std::size_t count = TRY(read_fully(source, start));
    const std::span<const std::byte> seen = std::span(start).first(count);
    const Compression compression = count < start.size() ? when_too_short : compression_of_magic(seen);
    std::unique_ptr<ByteSource> input = std::make_unique<ReplayingSource>(seen, source);
    std::unique_ptr<ByteSource> output = open_decompressor(compression, *input);
    return std::unique_ptr<ByteSource>(std::make_unique<OwningSource>(std::move(input), std::move(output)));
}

LevelRange levels_of(Compression compression) {
    switch (compression) {
        case Compression::gzip:
            return {0, 9};
        case Compression::zstd:
            return {1, 19};
        case Compression::none:
            break;
    }
    return {};
}

std::unique_ptr<Compressor> open_compressor(Compression compression, ByteSink& sink,
                                            std::optional<int> level) {
    const LevelRange range = levels_of(compression);
    const int wanted = level.value_or(-1);
    const bool given = wanted >= range.least && wanted <= range.most;
    switch (compression) {
        case Compression::gzip:
            return given ? open_gzip_sink(sink, wanted) : open_gzip_sink(sink);
        case Compression::zstd:
            return given ? open_zstd_sink(sink, wanted) : open_zstd_sink(sink);
        case Compression::none:
            break;
    }
    return std::make_unique<PlainSink>(sink);
}

}  // namespace ocimg
