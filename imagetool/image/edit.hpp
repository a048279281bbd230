#pragma once
// Changes to an image as a value: a first one, a new layer. Pure; nothing is read or written.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/image_config.hpp"
#include "spec/image/manifest.hpp"
#include "spec/image/platform.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg {

/// A manifest and the config it names.
struct Image {
    oci::spec::Manifest manifest;
    oci::spec::ImageConfig config;
};

/// An image without layers for a platform, made at `created`.
Image empty_image(const oci::spec::Platform& platform, const oci::spec::Timestamp& created);

/// The same image with one more layer on top, and its line of history. `created` becomes the image's own
/// time. Docker media types become those of OCI, which are the same content.
Image append_layer(Image image, const oci::spec::Descriptor& layer, const std::string& diff_id,
                   const std::string& created_by, const oci::spec::Timestamp& created);

/// Makes Docker's media types those of OCI, which are the same content.
void become_oci(Image& image);

/// The same image with one more line of history. `created` becomes the image's own time, Docker media types
/// those of OCI.
void record_change(Image& image, const oci::spec::History& line);

/// The moment that SOURCE_DATE_EPOCH names (seconds since 1970); 1970 itself for an empty text.
oci::Result<oci::spec::Timestamp> timestamp_of_epoch(std::string_view source_date_epoch);

}  // namespace ocimg
