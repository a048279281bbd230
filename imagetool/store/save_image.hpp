#pragma once
// Writing an image into a layout: config, manifest, then its tag in index.json.

#include <string>

#include "base/result.hpp"
#include "imagetool/store/layout.hpp"
#include "spec/image/image_config.hpp"
#include "spec/image/manifest.hpp"

namespace ocimg {

/// What save_image makes of a tag that exists already.
enum class ExistingTag { replace, refuse };

/// Writes the config and the manifest (whose `config` it sets) and makes `tag` name them. A tag that names
/// an index of several images is never replaced. On error index.json is unchanged.
oci::Result<oci::spec::Descriptor> save_image(const Layout& layout, const LayoutLock& lock,
                                              const std::string& tag, oci::spec::Manifest manifest,
                                              const oci::spec::ImageConfig& config, ExistingTag existing);

}  // namespace ocimg
