#pragma once
// What the commands that make new images out of old ones share: reading the image, writing the new one.

#include <functional>
#include <string>

#include "base/command_line.hpp"
#include "base/result.hpp"
#include "imagetool/change/new_layer.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

/// An image that is being changed, in its layout, which is locked meanwhile.
struct ImageEdit {
    const Layout& layout;
    const FoundImage& image;
    NewLayerOptions layer_options;
    oci::spec::Timestamp created;
};
using MakeImage = std::function<oci::Result<Image>(const ImageEdit&)>;

/// Opens and locks the place, finds the image (--platform), makes the new one and saves it under --tag or the
/// old tag, with bars or lines meanwhile (--progress); prints its descriptor with --json.
oci::Result<int> edit_image(const oci::cli::Values& values, const ImagePlace& place, const MakeImage& make);

/// --compression and SOURCE_DATE_EPOCH.
oci::Result<NewLayerOptions> new_layer_options(const oci::cli::Values& values);

/// A size: "100M", "1.5G" is an error, "64k", "1000"; powers of 1000.
oci::Result<std::uint64_t> parse_size(std::string_view text);

/// --image, --tag, --platform, --compression, --created, --progress and --json; `own` stands behind the first
/// two.
std::vector<oci::cli::Option> edit_options(const std::vector<oci::cli::Option>& own, bool new_layers);

}  // namespace ocimg
