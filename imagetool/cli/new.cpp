#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/host_platform.hpp"
#include "imagetool/store/save_image.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

namespace {

Result<int> make_layout(const oci::cli::Values& values) {
    if (values.has("platform") || values.has("created")) {
        return failure(ErrorCode::invalid,
                       "new: --platform and --created need the name of an image with a tag");
    }
    const Layout made = TRY(Layout::create(values.arguments().front()));
    if (!values.has("json")) return 0;
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_field(out, "layout", made.path());
    out.end_object();
    TRY(print(out.take() + "\n"));
    return 0;
}

Result<int> run_new(const oci::cli::Values& values) {
    if (values.has("image") == !values.arguments().empty()) {
        return failure(ErrorCode::invalid, "new: give one of LAYOUT, NAME:TAG and --image LAYOUT:TAG");
    }
    if (!values.has("image") && values.arguments().front().find(':') == std::string::npos) {
        return make_layout(values);
    }
    const ImagePlace place = TRY(image_arguments(values)).place;
    const std::string tag = TRY(new_tag_argument(values, place));
    const auto platform = TRY(platform_argument(values));
    const auto created = TRY(creation_time(values));
    const auto [layout, query] = TRY(open_image_place(place, Access::create));
    const LayoutLock lock = TRY(layout.lock());
    const Image empty = empty_image(platform.value_or(host_platform()), created);
    const auto written =
        TRY(save_image(layout, lock, tag, empty.manifest, empty.config, ExistingTag::refuse));
    if (values.has("json")) TRY(print(written_as_json(tag, written)));
    return 0;
}

oci::cli::Command new_command() {
    return {
        .name = "new",
        .summary = "make an empty layout, or an image without layers in it",
        .arguments = "[LAYOUT|NAME:TAG]",
        .description =
            "With LAYOUT: makes an empty OCI image layout in that directory, which must be empty "
            "or not exist.\n\nWith NAME:TAG or --image: makes an image without layers under a tag that does "
            "not exist yet; the store or the layout is made too when there is none.",
        .options = {image_option("make an empty image under this tag"),
                    value_option("platform", "OS/ARCH[/VARIANT]",
                                 "platform of the image (default: this machine's)"),
                    created_option(), written_json_option()},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg new layout", "ocimg new app:latest",
                     "ocimg new --image layout:latest --platform linux/arm64"},
    };
}

}  // namespace

CommandEntry new_entry() {
    return {new_command(), run_new};
}

}  // namespace ocimg
