#pragma once
// One image for one platform: plan, steps, layers, configuration.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_image.hpp"
#include "imagetool/build/cache_exchange.hpp"
#include "imagetool/build/fetch_context.hpp"
#include "imagetool/build/read_images.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg::build {

/// What all images of a call share.
struct BuildShared {
    const BuildRequest& request;
    const BuildCache& cache;
    const FetchedContext& context;
    ImageResolver& resolver;
    CacheImports& imports;
    CacheExport& exported;
    BuildProgress& progress;
};

struct PlatformBuild {
    const ImageToBuild& image;
    oci::spec::Platform platform;
    bool several = false;            // platforms: plain files go into a directory for each
    const Layout* layout = nullptr;  // for the layers; null: no image is asked for
};

/// Builds it, writes plain files where --output asks for them, and gives the image, whose layers are in the
/// layout. Without a layout there is no image.
oci::Result<std::optional<Image>> build_platform(const BuildShared& shared, const PlatformBuild& build);

}  // namespace ocimg::build
