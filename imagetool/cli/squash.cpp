#include "imagetool/change/squash.hpp"

#include "base/text.hpp"
#include "imagetool/change/recompose.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/edit_arguments.hpp"
#include "imagetool/cli/options.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

/// How many layers stay: all but --last.
Result<std::size_t> kept_layers(const oci::cli::Values& values, std::size_t layers) {
    if (!values.has("last")) return std::size_t{0};
    const auto last = oci::parse_integer<std::size_t>(values.get("last"));
    if (last.has_value() && *last >= 1 && *last <= layers) return layers - *last;
    return failure(ErrorCode::invalid, "--last " + oci::quote(values.get("last")) + ": the image has " +
                                           oci::count_of(layers, "layer"));
}

Result<int> run_squash(const oci::cli::Values& values) {
    const ImagePlace place = TRY(image_arguments(values)).place;
    return edit_image(values, place, [&](const ImageEdit& edit) -> Result<Image> {
        const std::size_t layers = edit.image.manifest.layers.size();
        if (layers == 0) return failure(ErrorCode::invalid, "the image has no layers to squash");
        const std::size_t keep = TRY(kept_layers(values, layers));
        const auto layer = TRY(write_squashed_layer(edit.layout, edit.image, keep, edit.layer_options));
        return with_squashed_layer({edit.image.manifest, edit.image.config}, keep, layer, edit.created);
    });
}

oci::cli::Command squash_command() {
    return {
        .name = "squash",
        .summary = "make one layer of all layers of an image, or of the last ones",
        .arguments = "[IMAGE]",
        .description =
            "What upper layers hide is left out, so the image becomes smaller when there is waste (see ocimg "
            "tree). With --last the layers below stay as they are, and can be shared with other images.",
        .options = edit_options({value_option("last", "NUMBER", "only the last layers, that many")}, true),
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg squash app:1 --tag app:flat", "ocimg squash --last 3 ./layout:latest"},
        .aliases = {"flatten"},
    };
}

}  // namespace

CommandEntry squash_entry() {
    return {squash_command(), run_squash};
}

}  // namespace ocimg
