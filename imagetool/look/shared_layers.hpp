#pragma once
// Which layers of an image other images of the same layout have too.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

/// Layer digest to the tags (or, without a tag, digests) of the other images that have it. Images that
/// cannot be read are left out: a layout may lack blobs.
using SharedLayers = std::map<std::string, std::vector<std::string>>;
oci::Result<SharedLayers> find_shared_layers(const Layout& layout, const FoundImage& image);

}  // namespace ocimg
