#pragma once
// The upper layers of an image as one: what they add and change together, and what they remove of the rest.

#include "base/result.hpp"
#include "imagetool/change/new_layer.hpp"
#include "imagetool/store/find_image.hpp"

namespace ocimg {

/// Writes one layer that does to the lowest `keep` layers what all layers above them do. Files that several
/// names share stay hard links; what is hidden by an upper layer is left out. The same image gives the same
/// bytes.
oci::Result<FinishedLayer> write_squashed_layer(const Layout& layout, const FoundImage& image,
                                                std::size_t keep, const NewLayerOptions& options);

}  // namespace ocimg
