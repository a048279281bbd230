#pragma once
// What a well-typed image document may still get wrong. Every check is listed in the .cpp in order; each
// finding has the JSON path and the section of image-spec it comes from.

#include <vector>

#include "spec/image/image_config.hpp"
#include "spec/image/index.hpp"
#include "spec/image/manifest.hpp"
#include "spec/json/finding.hpp"

namespace oci::spec {

/// All rules that a manifest breaks; empty: none.
std::vector<Finding> validate(const Manifest& manifest);
/// All rules that an index breaks.
std::vector<Finding> validate(const ImageIndex& index);
/// All rules that an image config breaks.
std::vector<Finding> validate(const ImageConfig& config);

}  // namespace oci::spec
