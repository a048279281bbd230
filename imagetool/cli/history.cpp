#include "imagetool/image/history.hpp"

#include <algorithm>

#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"

namespace ocimg {

namespace {

using oci::Result;
using oci::spec::Descriptor;

constexpr std::size_t short_text = 60;

/// A command as one line of at most `short_text` bytes, cut between characters.
std::string shortened(const std::string& text) {
    if (text.size() <= short_text) return text;
    std::size_t end = short_text - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    return text.substr(0, end) + "...";
}

std::string as_text(const FoundImage& image, bool whole) {
    std::vector<std::vector<std::string>> rows{{"LAYER", "CREATED", "CREATED BY", "SIZE", "COMMENT"}};
    std::vector<HistoryStep> steps = steps_of({image.manifest, image.config});
    std::reverse(steps.begin(), steps.end());
    for (const HistoryStep& step : steps) {
        std::string digest = "-";
        std::uint64_t size = 0;
        if (step.layer.has_value()) {
            const Descriptor& layer = image.manifest.layers[*step.layer];
            digest = whole ? layer.digest : short_digest(layer.digest);
            size = static_cast<std::uint64_t>(layer.size);
        }
        const std::string& command = step.text.created_by;
        rows.push_back({digest, step.text.created.empty() ? "-" : step.text.created,
                        command.empty() ? "-" : (whole ? command : shortened(command)), human_size(size),
                        whole ? step.text.comment : shortened(step.text.comment)});
    }
    return text_table(rows);
}

std::string as_json(const FoundImage& image) {
    oci::spec::JsonWriter out("    ");
    out.begin_array();
    for (const HistoryStep& step : steps_of({image.manifest, image.config})) {
        out.begin_object();
        if (!step.text.created.empty()) json_field(out, "created", step.text.created);
        if (!step.text.created_by.empty()) json_field(out, "created_by", step.text.created_by);
        if (!step.text.author.empty()) json_field(out, "author", step.text.author);
        if (!step.text.comment.empty()) json_field(out, "comment", step.text.comment);
        out.key("empty_layer");
        out.boolean(!step.layer.has_value());
        if (step.layer.has_value()) {
            const Descriptor& layer = image.manifest.layers[*step.layer];
            json_field(out, "layer", layer.digest);
            json_field(out, "diff_id", image.config.rootfs.diff_ids[*step.layer]);
            json_number(out, "size", static_cast<std::uint64_t>(layer.size));
        }
        out.end_object();
    }
    out.end_array();
    return out.take() + "\n";
}

Result<int> run_history(const oci::cli::Values& values) {
    auto [layout, query] = TRY(open_to_read(TRY(image_arguments(values)).place, values, true));
    const FoundImage image = TRY(find_image(layout, query));
    TRY(print(values.has("json") ? as_json(image) : as_text(image, values.has("no-trunc"))));
    return 0;
}

oci::cli::Command history_command() {
    return {
        .name = "history",
        .summary = "show how an image was made, the last step first",
        .arguments = "[IMAGE]",
        .description = "Sizes are those of the layers' blobs, compressed as they are.",
        .options = {image_option("image to show; the tag may be left out when there is one image"),
                    platform_option(), switch_option("no-trunc", "show digests and commands in full"),
                    switch_option("json", "print JSON, the first step first")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg history debian:12", "ocimg history --no-trunc ./layout:latest"},
    };
}

}  // namespace

CommandEntry history_entry() {
    return {with_remote_options(history_command()), run_history};
}

}  // namespace ocimg
