#pragma once
// Names of images in a Dockerfile to images: the default store first.

#include <string>

#include "base/result.hpp"
#include "imagetool/build/build_graph.hpp"

namespace ocimg::build {

/// An image of the default store, of a layout ("oci-layout://PATH[:TAG]"), or by "docker-image://NAME".
oci::Result<BaseImage> resolve_image(const std::string& name, const oci::spec::Platform& platform);

}  // namespace ocimg::build
