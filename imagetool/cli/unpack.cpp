#include "imagetool/bundle/unpack_bundle.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

oci::Result<void> run_unpack(const oci::cli::Values& values) {
    const ImageName name = TRY(image_argument(values, false));
    const auto platform = TRY(platform_argument(values));
    const Layout layout = TRY(Layout::open(name.layout));
    const FoundImage image = TRY(find_image(layout, {name.tag, platform}));
    const UnpackOptions options{.force = values.has("force"), .keep_dirlinks = values.has("keep-dirlinks")};
    const auto warnings = TRY(unpack_bundle(layout, image, values.arguments().front(), options));
    for (const std::string& warning : warnings) warn(warning);
    return {};
}

}  // namespace ocimg
