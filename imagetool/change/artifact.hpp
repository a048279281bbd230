#pragma once
// Artifacts: manifests without an image, which may point to one as their subject (image-spec manifest.md
// "Guidelines for Artifact Usage").

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/store/layout.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/index.hpp"
#include "spec/image/manifest.hpp"

namespace ocimg {

/// The manifest of an artifact: the empty config, `files` (or the empty blob) as layers, and the subject
/// without what only its index says of it. Pure.
oci::spec::Manifest artifact_manifest(const std::string& artifact_type,
                                      std::vector<oci::spec::Descriptor> files,
                                      const oci::spec::Descriptor& subject,
                                      const oci::spec::Annotations& annotations);

/// Writes the manifest and the empty blob it names, and gives its descriptor for index.json, with artifact
/// type and annotations as the referrers of distribution-spec have them.
oci::Result<oci::spec::Descriptor> store_artifact(const Layout& layout, const oci::spec::Manifest& manifest);

/// The manifests and indexes of a layout whose subject has this digest, in the order of index.json. What
/// cannot be read is left out.
oci::Result<std::vector<oci::spec::Descriptor>> find_referrers(const Layout& layout,
                                                               const std::string& digest);

}  // namespace ocimg
