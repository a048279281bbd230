#pragma once
// The same image in the other family of media types, or with other layers. Pure.

#include <functional>

#include "base/result.hpp"
#include "imagetool/transfer/image_source.hpp"
#include "spec/image/index.hpp"
#include "spec/image/manifest.hpp"

namespace ocimg {

enum class ImageFormat { as_it_is, oci, docker };

/// The manifest in the media types of `format`. What Docker's schema 2 cannot say (zstd layers, artifacts, a
/// subject) is an error.
oci::Result<oci::spec::Manifest> convert_manifest(oci::spec::Manifest manifest, ImageFormat format);
/// The index in the media types of `format`; its entries must be converted already.
oci::spec::ImageIndex convert_index(oci::spec::ImageIndex index, ImageFormat format);

/// The document of a manifest or an index, with its digest.
Document to_document(const oci::spec::Manifest& manifest);
Document to_document(const oci::spec::ImageIndex& index);

}  // namespace ocimg
