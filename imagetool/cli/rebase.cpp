#include "imagetool/change/copy_blobs.hpp"
#include "imagetool/change/recompose.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/edit_arguments.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Platform;

/// A base for the platform of the image that is rebased.
Result<ImageToRead> open_base(const std::string& name, const Platform& platform,
                              const oci::cli::Values& values) {
    const RegistryReading reading{
        .remote = TRY(read_remote_options(values)), .platform = platform, .documents_only = false};
    auto [layout, query] = TRY(open_image_place(TRY(place_argument(name)), Access::read, reading));
    query.platform = platform;
    FoundImage image = TRY(find_image(layout, query));
    return ImageToRead{std::move(layout), std::move(image)};
}

Result<int> run_rebase(const oci::cli::Values& values) {
    if (!values.has("old-base") || !values.has("new-base")) {
        return failure(ErrorCode::invalid, "rebase: --old-base IMAGE and --new-base IMAGE are required");
    }
    const ImagePlace place = TRY(image_arguments(values)).place;
    return edit_image(values, place, [&](const ImageEdit& edit) -> Result<Image> {
        const Platform platform{.architecture = edit.image.config.architecture,
                                .os = edit.image.config.os,
                                .variant = edit.image.config.variant};
        const std::string new_name = values.get("new-base");
        const ImageToRead before = TRY(open_base(values.get("old-base"), platform, values).in("--old-base"));
        const ImageToRead after = TRY(open_base(new_name, platform, values).in("--new-base"));
        Image image = TRY(rebase_image({edit.image.manifest, edit.image.config},
                                       {before.image.manifest, before.image.config},
                                       {after.image.manifest, after.image.config}, edit.created));
        TRY(copy_image_blobs(after.layout, edit.layout, after.image, edit.layer_options.progress)
                .in("--new-base"));
        image.manifest.annotations["org.opencontainers.image.base.name"] = new_name;
        image.manifest.annotations["org.opencontainers.image.base.digest"] = after.image.descriptor.digest;
        return image;
    });
}

oci::cli::Command rebase_command() {
    return {
        .name = "rebase",
        .summary = "put an image on another base",
        .arguments = "[IMAGE]",
        .description =
            "Replaces the lowest layers of the image, which must be those of the old base, with the layers "
            "of "
            "the new one; the layers above and the configuration stay. Whether they still fit together is "
            "not "
            "looked at. The new base's name and digest become annotations of the manifest.",
        .options = edit_options({value_option("old-base", "IMAGE", "what the image was built on"),
                                 value_option("new-base", "IMAGE", "what it shall stand on")},
                                false),
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg rebase app:1 --old-base debian:12.1 --new-base debian:12.2"},
    };
}

}  // namespace

CommandEntry rebase_entry() {
    return {with_remote_options(rebase_command()), run_rebase};
}

}  // namespace ocimg
