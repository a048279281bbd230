#pragma once
// What a copy has to move, from the documents of an image. Pure.

#include <vector>

#include "base/result.hpp"
#include "imagetool/transfer/image_source.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/index.hpp"
#include "spec/image/platform.hpp"

namespace ocimg {

/// The blobs that the documents name (configs and layers), each once, in the order in which an unpack needs
/// them. Layers of foreign origin (nondistributable, with URLs) are left out: their URLs are never followed.
/// Without `layers`: the configs only.
oci::Result<std::vector<oci::spec::Descriptor>> plan_blobs(const std::vector<Document>& documents,
                                                           bool layers = true);

/// The entries of an index that fit the wanted platforms, the nearest one for each. A platform that the index
/// lacks is an error that lists what there is.
oci::Result<std::vector<oci::spec::Descriptor>> choose_platforms(
    const oci::spec::ImageIndex& index, const std::vector<oci::spec::Platform>& wanted);

}  // namespace ocimg
