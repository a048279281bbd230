#pragma once
// A layer that is written entry by entry into a layout.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "imagetool/layer/layer_sink.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/tar/writer.hpp"
#include "spec/image/descriptor.hpp"

namespace ocimg {

/// How new layers are written.
struct NewLayerOptions {
    Compression compression = Compression::gzip;
    std::optional<std::int64_t> clamp_mtime;            // later times become this one (SOURCE_DATE_EPOCH)
    Progress* progress = nullptr;                       // told what is read
    std::function<void(std::uint64_t bytes)> on_write;  // told of each part of the tar
};

/// A finished layer, for an image's manifest and config.
struct FinishedLayer {
    oci::spec::Descriptor descriptor;
    std::string diff_id;
};

class NewLayer {
public:
    static oci::Result<std::unique_ptr<NewLayer>> open(const Layout& layout, const NewLayerOptions& options);

    /// Starts an entry, with its time clamped; content follows by write_data.
    oci::Result<void> add(Entry entry);
    oci::Result<void> write_data(std::span<const std::byte> data) { return tar_.write_data(data); }
    /// An entry that removes `path`, or with `opaque` all that lower layers have in the directory `path`.
    oci::Result<void> add_whiteout(const std::string& path, bool opaque);
    /// Ends the archive and makes the blob visible.
    oci::Result<FinishedLayer> finish();

private:
    NewLayer(BlobWriter blob, const NewLayerOptions& options)
        : options_(options),
          blob_(std::move(blob)),
          sink_(options.compression, blob_, options.on_write),
          tar_(sink_) {}

    NewLayerOptions options_;
    BlobWriter blob_;
    LayerSink sink_;
    TarWriter tar_;
};

}  // namespace ocimg
