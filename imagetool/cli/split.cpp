#include "imagetool/change/split.hpp"

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

/// The layers to look at, the last first, so that the numbers of the others stay.
Result<std::vector<std::size_t>> chosen_layers(const oci::cli::Values& values, std::size_t layers) {
    std::vector<std::size_t> chosen;
    if (!values.has("layer")) {
        for (std::size_t i = layers; i > 0; --i) chosen.push_back(i - 1);
        return chosen;
    }
    const auto number = oci::parse_integer<std::size_t>(values.get("layer"));
    if (!number.has_value() || *number >= layers) {
        return failure(ErrorCode::invalid, "--layer " + oci::quote(values.get("layer")) + ": the image has " +
                                               oci::count_of(layers, "layer") + ", counted from 0");
    }
    chosen.push_back(*number);
    return chosen;
}

Result<int> run_split(const oci::cli::Values& values) {
    const ImagePlace place = TRY(image_arguments(values)).place;
    if (!values.has("size")) return failure(ErrorCode::invalid, "split: --size SIZE is required");
    const std::uint64_t most = TRY(parse_size(values.get("size")).in("--size"));
    return edit_image(values, place, [&](const ImageEdit& edit) -> Result<Image> {
        Image image{edit.image.manifest, edit.image.config};
        bool changed = false;
        for (const std::size_t layer : TRY(chosen_layers(values, image.manifest.layers.size()))) {
            const auto parts =
                TRY(write_split_layers(edit.layout, edit.image, layer, most, edit.layer_options));
            if (parts.empty()) continue;
            image = with_split_layer(std::move(image), layer, parts, edit.created);
            changed = true;
        }
        if (changed) return image;
        return failure(ErrorCode::invalid,
                       "no layer has more contents than --size: there is nothing to split");
    });
}

oci::cli::Command split_command() {
    return {
        .name = "split",
        .summary = "make several smaller layers of a big one",
        .arguments = "[IMAGE]",
        .description =
            "Layers with more contents than --size become several that together are the same; a file larger "
            "than that gets a layer of its own. Small layers can be fetched and unpacked at the same time.",
        .options = edit_options(
            {value_option("size", "SIZE", "most contents of one layer, before compression: 100M"),
             value_option("layer", "NUMBER", "this layer only, counted from 0")},
            true),
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg split app:1 --size 100M"},
    };
}

}  // namespace

CommandEntry split_entry() {
    return {split_command(), run_split};
}

}  // namespace ocimg
