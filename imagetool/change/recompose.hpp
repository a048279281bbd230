#pragma once
// Images with other layers, as values: squashed, rebased, split. Pure; the layers are written elsewhere.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/change/new_layer.hpp"
#include "imagetool/image/edit.hpp"

namespace ocimg {

/// The image with `layer` in the place of all layers above the lowest `keep`. Their history stays, as steps
/// without a layer.
Image with_squashed_layer(Image image, std::size_t keep, const FinishedLayer& layer,
                          const oci::spec::Timestamp& created);

/// The image with the layers of `new_base` in the place of those of `old_base`, which must be its lowest ones
/// (by diff id) and of the same platform. Its configuration stays its own.
oci::Result<Image> rebase_image(Image image, const Image& old_base, const Image& new_base,
                                const oci::spec::Timestamp& created);

/// The image with `parts` in the place of layer `number`.
Image with_split_layer(Image image, std::size_t number, const std::vector<FinishedLayer>& parts,
                       const oci::spec::Timestamp& created);

}  // namespace ocimg
