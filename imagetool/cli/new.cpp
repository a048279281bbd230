#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/host_platform.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/store/save_image.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

Result<void> run_new(const oci::cli::Values& values) {
    const bool image = values.has("image");
    if (image == !values.arguments().empty()) {
        return failure(ErrorCode::invalid, "new: give either LAYOUT or --image LAYOUT:TAG");
    }
    if (!image) {
        if (values.has("platform") || values.has("created")) {
            return failure(ErrorCode::invalid, "new: --platform and --created need --image LAYOUT:TAG");
        }
        TRY(Layout::create(values.arguments().front()));
        return {};
    }
    const ImageName name = TRY(image_argument(values, true));
    TRY(check_new_tag(name.tag));
    const auto platform = TRY(platform_argument(values));
    const auto created = TRY(creation_time(values));
    const Layout layout = TRY(Layout::open_or_create(name.layout));
    const LayoutLock lock = TRY(layout.lock());
    const Image empty = empty_image(platform.value_or(host_platform()), created);
    TRY(save_image(layout, lock, name.tag, empty.manifest, empty.config, ExistingTag::refuse));
    return {};
}

}  // namespace ocimg
