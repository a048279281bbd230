#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/host_platform.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/store/save_image.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

namespace {

Result<int> run_new(const oci::cli::Values& values) {
    const bool image = values.has("image");
    if (image == !values.arguments().empty()) {
        return failure(ErrorCode::invalid, "new: give either LAYOUT or --image LAYOUT:TAG");
    }
    if (!image) {
        if (values.has("platform") || values.has("created")) {
            return failure(ErrorCode::invalid, "new: --platform and --created need --image LAYOUT:TAG");
        }
        TRY(Layout::create(values.arguments().front()));
        return 0;
    }
    const ImageName name = TRY(image_argument(values, true));
    TRY(check_new_tag(name.tag));
    const auto platform = TRY(platform_argument(values));
    const auto created = TRY(creation_time(values));
    const Layout layout = TRY(Layout::open_or_create(name.layout));
    const LayoutLock lock = TRY(layout.lock());
    const Image empty = empty_image(platform.value_or(host_platform()), created);
    TRY(save_image(layout, lock, name.tag, empty.manifest, empty.config, ExistingTag::refuse));
    return 0;
}

oci::cli::Command new_command() {
    return {
        .name = "new",
        .summary = "make an empty layout, or an image without layers in it",
        .arguments = "[LAYOUT]",
        .description =
            "With LAYOUT: makes an empty OCI image layout in that directory, which must be empty "
            "or not exist.\n\nWith --image: makes an image without layers under a tag that does "
            "not exist yet; the layout is made too when there is none.",
        .options = {image_option("make an empty image under this tag"),
                    value_option("platform", "OS/ARCH[/VARIANT]",
                                 "platform of the image (default: this machine's)"),
                    created_option()},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg new layout", "ocimg new --image layout:latest --platform linux/arm64"},
    };
}

}  // namespace

CommandEntry new_entry() {
    return {new_command(), run_new};
}

}  // namespace ocimg
