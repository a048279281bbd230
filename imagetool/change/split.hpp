#pragma once
// A big layer as several smaller ones that together do the same.

#include <vector>

#include "base/result.hpp"
#include "imagetool/change/new_layer.hpp"
#include "imagetool/store/find_image.hpp"

namespace ocimg {

/// Writes the entries of a layer, in their order, into as many layers as are needed for each to hold at most
/// `most_bytes` of contents (a larger file has one of its own). Whiteouts go into the first, hard links to
/// where their file is, and every part has the directories on the way to its files. A layer that needs no
/// split gives nothing.
oci::Result<std::vector<FinishedLayer>> write_split_layers(const Layout& layout, const FoundImage& image,
                                                           std::size_t number, std::uint64_t most_bytes,
                                                           const NewLayerOptions& options);

}  // namespace ocimg
