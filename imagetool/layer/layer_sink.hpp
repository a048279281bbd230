#pragma once
// From the bytes of a tar to a layer's blob: diff id on the caller's thread; compression, digest and writing
// on another. Writing fails once the user gives up.

#include <functional>
#include <memory>
#include <utility>

#include "base/interruption.hpp"
#include "base/result.hpp"
#include "imagetool/layer/write_layer.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/stream/pipeline.hpp"

namespace ocimg {

class LayerSink final : public ByteSink {
public:
    /// `on_write` is told of each part of the tar.
    LayerSink(Compression compression, ByteSink& blob, std::function<void(std::uint64_t)> on_write = {})
        : compression_(compression),
          on_write_(std::move(on_write)),
          blob_(blob),
          compressor_(open_compressor(compression, blob_)),
          behind_(*compressor_),
          tar_(behind_) {}

    oci::Result<void> write(std::span<const std::byte> data) override {
        TRY(oci::check_interruption());
        if (on_write_) on_write_(data.size());
        return tar_.write(data);
    }

    /// After the last byte: waits for the other thread and gives the digests.
    oci::Result<WrittenLayer> finish() {
        TRY(behind_.finish());
        TRY(compressor_->finish());
        WrittenLayer layer;
        layer.digest = blob_.finish();
        layer.size = blob_.size();
        layer.diff_id = tar_.finish();
        layer.media_type = std::string(layer_media_type(compression_));
        return layer;
    }

private:
    Compression compression_;
    std::function<void(std::uint64_t)> on_write_;
    HashingSink blob_;
    std::unique_ptr<Compressor> compressor_;
    WriteBehindSink behind_;
    HashingSink tar_;
};

}  // namespace ocimg
