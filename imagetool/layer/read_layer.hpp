#pragma once
// Reading a layer's entries without writing them anywhere: verified like a layer that is applied.

#include <functional>

#include "base/result.hpp"
#include "imagetool/layer/apply_layer.hpp"
#include "imagetool/layer/whiteout.hpp"
#include "imagetool/tar/entry.hpp"
#include "imagetool/tar/reader.hpp"

namespace ocimg {

/// One entry of a layer, in the archive's order.
struct LayerEntry {
    std::size_t number = 0;  // of the entry in the archive, from 0
    EntryPath path;
    Whiteout whiteout;
    Entry entry;
};

/// Called for each entry; `content` stands at the content of a regular file.
using VisitLayerEntry = std::function<oci::Result<void>(LayerEntry& entry, TarReader& content)>;

/// Reads every entry but aufs' metadata, then checks size, digest and diff id of the blob as
/// apply_layer_blob does. What the visitor was given counts only when this succeeds.
/// `on_read` is told of each part of the blob that was read, on another thread.
oci::Result<void> read_layer_blob(const LayerSource& layer, const VisitLayerEntry& visit,
                                  const std::function<void(std::uint64_t bytes)>& on_read = {});

}  // namespace ocimg
