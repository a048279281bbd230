#pragma once
// From a tag to one image: index.json, nested indexes, the platform, then manifest and config.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "imagetool/store/layout.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/image_config.hpp"
#include "spec/image/manifest.hpp"
#include "spec/image/platform.hpp"

namespace ocimg {

/// An image of a layout, read and validated.
struct FoundImage {
    std::string tag;                      // empty when the image has none
    oci::spec::Descriptor descriptor;     // of the manifest
    bool chosen_among_platforms = false;  // the tag names several images; this is the one that fits
    oci::spec::Manifest manifest;
    oci::spec::ImageConfig config;
};

/// What is looked for. Without tag and digest the layout must hold exactly one tagged or untagged image.
struct ImageQuery {
    std::string tag;
    std::optional<oci::spec::Platform> platform;  // none: the host's where there is a choice
    /// Of the image's manifest, or of the index it is in; with a tag both must hold.
    std::optional<oci::spec::Digest> digest = std::nullopt;
};

/// Finds and reads an image. A tag that is absent, ambiguous or of no fitting platform is an error that
/// lists what there is; so is content that is no image.
oci::Result<FoundImage> find_image(const Layout& layout, const ImageQuery& query);

/// Reads manifest and config of an image manifest's descriptor.
oci::Result<FoundImage> read_image(const Layout& layout, const oci::spec::Descriptor& manifest);

/// The tags of an index, sorted and without repetition.
std::vector<std::string> tags_of(const oci::spec::ImageIndex& index);

/// The tag of a descriptor of index.json; empty when it has none.
std::string tag_of(const oci::spec::Descriptor& descriptor);

/// Every image below a descriptor of index.json: itself, or those of the index it names (nested ones
/// included), in order. Content of unknown media types is left out, as image-index.md asks.
oci::Result<std::vector<oci::spec::Descriptor>> images_below(const Layout& layout,
                                                             const oci::spec::Descriptor& descriptor);

}  // namespace ocimg
