#include "imagetool/layer/read_layer.hpp"

#include <memory>

#include "base/text.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/stream/pipeline.hpp"

namespace ocimg {
namespace {

oci::Result<void> visit_entry(LayerEntry& listed, TarReader& reader, const VisitLayerEntry& visit) {
    listed.path = TRY(entry_path(listed.entry.name));
    listed.whiteout = TRY(whiteout_of(listed.path));
    if (listed.whiteout.kind == WhiteoutKind::metadata) return {};
    return visit(listed, reader);
}

oci::Result<void> read_blocks(BlockSource& tar, const VisitLayerEntry& visit) {
    TarReader reader(tar);
    LayerEntry listed;
    for (std::size_t number = 0; TRY(reader.next(listed.entry)); ++number) {
        listed.number = number;
        TRY(visit_entry(listed, reader, visit).in("entry " + oci::quote(listed.entry.name)));
    }
    return reader.drain();
}

oci::Result<void> read_verified(const LayerSource& layer, ByteSource& blob, const VisitLayerEntry& visit) {
    const Compression declared = TRY(compression_of_media_type(layer.media_type));
    const HashAlgorithm algorithm =
        layer.diff_id.empty() ? HashAlgorithm::sha256 : TRY(algorithm_of(layer.diff_id).in("diff id"));
    const std::unique_ptr<ByteSource> plain = TRY(open_by_magic(blob, declared));
    HashingSource hashed(*plain, algorithm);
    {
        ReadAheadSource ahead(hashed);
        TRY(read_blocks(ahead, visit));
    }
    const std::string found = layer.diff_id.empty() ? std::string() : hashed.finish();
    if (found == layer.diff_id) return {};
    return oci::failure(oci::ErrorCode::invalid, "the uncompressed content has the digest " + found +
                                                     ", the image config says " + layer.diff_id);
}

}  // namespace

oci::Result<void> read_layer_blob(const LayerSource& layer, const VisitLayerEntry& visit,
                                  const std::function<void(std::uint64_t bytes)>& on_read) {
    CountedFile file(layer.blob, on_read);
    const std::unique_ptr<VerifyingSource> blob =
        TRY(VerifyingSource::open(file, layer.digest, layer.size).in("layer " + layer.digest));
    oci::Result<void> done;
    {
        ReadAheadSource ahead(*blob);
        done = read_verified(layer, ahead, visit);
    }
    // A damaged blob fails in many ways: that it is damaged is the better answer.
    TRY(blob->verify_rest().in("layer " + layer.digest));
    return std::move(done).in("layer " + layer.digest);
}

}  // namespace ocimg
