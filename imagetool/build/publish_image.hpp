#pragma once
// The last step of a build: the image gets its names.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_image.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg::build {

/// Writes configuration and manifest into the layout (which holds the layers) and gives the image its tags
/// there. Without a tag it stands in index.json by its digest alone.
oci::Result<BuiltImage> publish_image(const Layout& layout, Image image,
                                      const std::vector<std::string>& annotations,
                                      const std::vector<ImagePlace>& places);

}  // namespace ocimg::build
