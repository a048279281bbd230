#include "imagetool/look/read_tree.hpp"

#include <algorithm>
#include <array>

#include "imagetool/stream/hashing.hpp"

namespace ocimg {

namespace {

using oci::Fd;
using oci::Result;
using oci::spec::Descriptor;

/// The digest of a file's content; of a sparse file, of its data and where it stands (holes may be endless).
Result<std::string> digest_of(const Entry& entry, TarReader& reader) {
    Hasher hasher;
    for (;;) {
        const DataPiece piece = TRY(reader.read_data());
        if (piece.bytes.empty()) return hasher.finish();
        if (entry.sparse) hasher.update(bytes_of("at " + std::to_string(piece.offset) + "\n"));
        hasher.update(piece.bytes);
    }
}

Result<void> write_zeros(std::uint64_t count, ByteSink& sink) {
    static constexpr std::array<std::byte, 4096> zeros{};
    while (count > 0) {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, zeros.size()));
        TRY(sink.write(std::span(zeros).first(part)));
        count -= part;
    }
    return {};
}

}  // namespace

Result<void> write_content(const Entry& entry, TarReader& reader, ByteSink& sink) {
    std::uint64_t position = 0;
    for (;;) {
        const DataPiece piece = TRY(reader.read_data());
        if (piece.bytes.empty()) break;
        TRY(write_zeros(piece.offset - position, sink));
        TRY(sink.write(piece.bytes));
        position = piece.offset + piece.bytes.size();
    }
    return write_zeros(entry.size - position, sink);
}

Result<void> read_layer_of(const Layout& layout, const FoundImage& image, std::size_t layer,
                           const VisitLayerEntry& visit, Progress* progress) {
    const Descriptor& descriptor = image.manifest.layers[layer];
    const std::string context = "layers[" + std::to_string(layer) + "]";
    const Fd blob = TRY(layout.open_blob(descriptor).in(context));
    const LayerSource source{.blob = blob,
                             .media_type = descriptor.media_type,
                             .digest = descriptor.digest,
                             .size = static_cast<std::uint64_t>(descriptor.size),
                             .diff_id = image.config.rootfs.diff_ids[layer]};
    if (progress == nullptr) return read_layer_blob(source, visit).in(context);
    constexpr std::size_t shown = 12;
    const std::size_t colon = descriptor.digest.find(':');
    ProgressItem item = progress->start("layer " + descriptor.digest.substr(colon + 1, shown), source.size);
    TRY(read_layer_blob(source, visit, [&](std::uint64_t bytes) { item.add(bytes); }).in(context));
    item.finish();
    return {};
}

Result<ImageTree> read_image_tree(const Layout& layout, const FoundImage& image, Contents contents,
                                  Progress* progress) {
    ImageTree tree;
    for (std::size_t layer = 0; layer < image.manifest.layers.size(); ++layer) {
        tree.begin_layer();
        const auto add = [&](LayerEntry& listed, TarReader& reader) -> Result<void> {
            std::string digest;
            if (contents == Contents::hashed && listed.entry.kind == EntryKind::file) {
                digest = TRY(digest_of(listed.entry, reader));
            }
            return tree.add(listed, digest);
        };
        TRY(read_layer_of(layout, image, layer, add, progress));
    }
    return tree;
}

Result<void> read_content(const Layout& layout, const FoundImage& image, const FileContent& content,
                          ByteSink& sink) {
    const auto write = [&](LayerEntry& listed, TarReader& reader) -> Result<void> {
        return listed.number == content.number ? write_content(listed.entry, reader, sink) : Result<void>();
    };
    return read_layer_of(layout, image, content.layer, write);
}

}  // namespace ocimg
