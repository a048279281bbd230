#include "imagetool/layer/apply_layer.hpp"

#include <memory>
#include <optional>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/layer/entry_writer.hpp"
#include "imagetool/layer/layer_root.hpp"
#include "imagetool/layer/whiteout.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/reader.hpp"

namespace ocimg {
namespace {

/// Removes what a whiteout hides. A directory that is not there hides nothing.
oci::Result<void> apply_whiteout(LayerRoot& root, const EntryPath& path, const Whiteout& whiteout) {
    const DirectoryPtr parent = TRY(root.directory(path.parent, MissingDirectories::leave));
    if (parent == nullptr) return {};
    if (whiteout.kind == WhiteoutKind::opaque) return root.remove_lower_children(*parent);
    return root.remove_lower(*parent, whiteout.target);
}

/// A decompressor gives a thousand bytes for one: what is written is counted, holes are not.
oci::Result<void> take_space(const Entry& entry, std::uint64_t* space) {
    if (space == nullptr || entry.kind != EntryKind::file) return {};
    std::uint64_t size = entry.sparse ? 0 : entry.size;
    for (const SparseSegment& segment : entry.segments) size += segment.length;
    if (size > *space)
        return oci::failure(oci::ErrorCode::invalid, "with it the files hold more than --max-size allows");
    *space -= size;
    return {};
}

oci::Result<void> apply_entry(LayerRoot& root, EntryWriter& writer, Entry& entry, std::uint64_t number,
                              TarReader& reader, const ApplyOptions& options) {
    const EntryPath path = TRY(entry_path(entry.name));
    const Whiteout whiteout = TRY(whiteout_of(path));
    switch (whiteout.kind) {
        case WhiteoutKind::none:
            TRY(take_space(entry, options.space));
            if (options.owners != nullptr) TRY(options.owners->store(entry));
            return writer.write(entry, number, path, reader);
        case WhiteoutKind::single:
        case WhiteoutKind::opaque:
            return apply_whiteout(root, path, whiteout);
        case WhiteoutKind::metadata:
            break;
    }
    return {};
}

oci::Result<LayerRoot> open_root(oci::BorrowedFd rootfs, const ApplyOptions& options) {
    if (!options.alone.has_value() || options.alone->lower.get() < 0)
        return LayerRoot::open(rootfs, options.observer);
    oci::Fd lower = TRY(oci::duplicate(options.alone->lower));
    return LayerRoot::open_above(rootfs, LowerLayers(std::move(lower), options.alone->attributes));
}

oci::Result<void> apply_blocks(BlockSource& tar, oci::BorrowedFd rootfs, const ApplyOptions& options) {
    LayerRoot root = TRY(open_root(rootfs, options));
    if (options.owners != nullptr) root.own_by(options.owners->root_uid(), options.owners->root_gid());
    EntryWriter writer(root, options.keep_dirlinks);
    TarReader reader(tar);
    Entry entry;
    for (std::uint64_t number = 0; TRY(reader.next(entry)); ++number) {
        TRY(apply_entry(root, writer, entry, number, reader, options).in("entry " + oci::quote(entry.name)));
    }
    TRY(reader.drain());
    return root.restore_directory_times();
}

/// The uncompressed side of a blob: counted into the diff id, then applied.
oci::Result<void> apply_verified(const LayerSource& layer, ByteSource& blob, oci::BorrowedFd rootfs,
                                 const ApplyOptions& options) {
    const Compression declared = TRY(compression_of_media_type(layer.media_type));
    const HashAlgorithm algorithm =
        layer.diff_id.empty() ? HashAlgorithm::sha256 : TRY(algorithm_of(layer.diff_id).in("diff id"));
    const std::unique_ptr<ByteSource> plain = TRY(open_by_magic(blob, declared));
    HashingSource hashed(*plain, algorithm);
    {
        ReadAheadSource ahead(hashed);
        TRY(apply_blocks(ahead, rootfs, options));
    }
    if (layer.diff_id.empty()) return {};
    const std::string found = hashed.finish();
    if (found == layer.diff_id) return {};
    return oci::failure(oci::ErrorCode::invalid, "the uncompressed content has the digest " + found +
                                                     ", the image config says " + layer.diff_id);
}

oci::Result<void> apply_blob(const LayerSource& layer, oci::BorrowedFd rootfs, const ApplyOptions& options) {
    CountedFile file(layer.blob, options.on_read);
    const std::unique_ptr<VerifyingSource> blob = TRY(VerifyingSource::open(file, layer.digest, layer.size));
    oci::Result<void> applied;
    {
        ReadAheadSource ahead(*blob);
        applied = apply_verified(layer, ahead, rootfs, options);
    }
    // A damaged blob fails in many ways: that it is damaged is the better answer.
    TRY(blob->verify_rest());
    return applied;
}

}  // namespace

oci::Result<void> apply_layer(ByteSource& tar, oci::BorrowedFd rootfs, const ApplyOptions& options) {
    BufferedSource blocks(tar);
    return apply_blocks(blocks, rootfs, options);
}

oci::Result<void> apply_layer_blob(const LayerSource& layer, oci::BorrowedFd rootfs,
                                   const ApplyOptions& options) {
    return apply_blob(layer, rootfs, options).in("layer " + layer.digest);
}

}  // namespace ocimg
