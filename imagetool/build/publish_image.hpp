#pragma once
// The last step of a build: the image gets its names.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_image.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg::build {

/// Writes configuration and manifest of each image into the layout (which holds the layers), for several an
/// index of them, and makes the tags name it, whatever they named before. Without a tag it stands in
/// index.json by its digest alone.
oci::Result<BuiltImage> publish_images(const Layout& layout, std::vector<Image> images,
                                       const std::vector<std::string>& annotations,
                                       const std::vector<ImagePlace>& places);

}  // namespace ocimg::build
