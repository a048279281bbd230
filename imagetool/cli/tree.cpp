#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/look/read_tree.hpp"
#include "imagetool/look/summary.hpp"

namespace ocimg {

namespace {

using oci::Result;

constexpr std::size_t shown_without_all = 20;

std::string percent(std::uint64_t thousandths) {
    return std::to_string(thousandths / 10) + "." + std::to_string(thousandths % 10) + " %";
}

std::string layer_table(const ImageSummary& summary) {
    std::vector<std::vector<std::string>> rows{{"LAYER", "DIGEST", "BLOB", "FILES", "CONTENT", "ADDED",
                                                "CHANGED", "REMOVED", "WASTED", "SHARED WITH", "CREATED BY"}};
    for (std::size_t i = 0; i < summary.layers.size(); ++i) {
        const LayerSummary& layer = summary.layers[i];
        const LayerCounts& counts = layer.counts;
        std::string created_by = layer.created_by.substr(0, 40);
        rows.push_back(
            {std::to_string(i), short_digest(layer.digest), human_size(layer.blob_size),
             std::to_string(counts.files), human_size(counts.bytes), std::to_string(counts.added),
             std::to_string(counts.changed), std::to_string(counts.removed), human_size(counts.hidden_bytes),
             layer.shared_with.empty() ? "-" : oci::join(layer.shared_with, ","), oci::to_utf8(created_by)});
    }
    return text_table(rows);
}

std::string hidden_table(const ImageSummary& summary, bool all) {
    if (summary.hidden.empty()) return "Nothing is hidden by another layer.\n";
    std::vector<std::vector<std::string>> rows{{"WASTED", "LAYER", "BY", "HOW", "PATH"}};
    for (const HiddenFile& file : summary.hidden) {
        if (!all && rows.size() > shown_without_all) break;
        rows.push_back({human_size(file.bytes), std::to_string(file.lower), std::to_string(file.upper),
                        file.how == Hiding::replaced ? "replaced" : "removed", "/" + file.path});
    }
    std::string text = text_table(rows);
    if (rows.size() <= summary.hidden.size()) {
        text += files_of(summary.hidden.size() - rows.size() + 1) + " more: --all\n";
    }
    return text;
}

std::string as_text(const ImageSummary& summary, bool all) {
    return oci::count_of(summary.layers.size(), "layer") + ", " + human_size(summary.blob_bytes) +
           " of blobs (" + human_size(summary.shared_bytes) + " shared with other images), " +
           human_size(summary.file_bytes) + " of contents in " + std::to_string(summary.files) +
           " files and directories, " + human_size(summary.hidden_bytes) + " wasted (efficiency " +
           percent(summary.efficiency()) + ")\n\n" + layer_table(summary) + "\n" + hidden_table(summary, all);
}

void write_layer(oci::spec::JsonWriter& out, const LayerSummary& layer) {
    out.begin_object();
    json_field(out, "digest", layer.digest);
    json_field(out, "diff_id", layer.diff_id);
    json_number(out, "blobSize", layer.blob_size);
    json_number(out, "files", layer.counts.files);
    json_number(out, "contentSize", layer.counts.bytes);
    json_number(out, "added", layer.counts.added);
    json_number(out, "changed", layer.counts.changed);
    json_number(out, "removed", layer.counts.removed);
    json_number(out, "wasted", layer.counts.hidden_bytes);
    json_field(out, "createdBy", layer.created_by);
    out.key("sharedWith");
    out.begin_array();
    for (const std::string& name : layer.shared_with) out.string(oci::to_utf8(name));
    out.end_array();
    out.end_object();
}

std::string as_json(const ImageSummary& summary) {
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_number(out, "blobSize", summary.blob_bytes);
    json_number(out, "sharedSize", summary.shared_bytes);
    json_number(out, "contentSize", summary.file_bytes);
    json_number(out, "wasted", summary.hidden_bytes);
    json_number(out, "files", summary.files);
    out.key("efficiency");
    out.number(static_cast<double>(summary.efficiency()) / 1000);
    out.key("layers");
    out.begin_array();
    for (const LayerSummary& layer : summary.layers) write_layer(out, layer);
    out.end_array();
    out.key("hidden");
    out.begin_array();
    for (const HiddenFile& file : summary.hidden) {
        out.begin_object();
        json_field(out, "path", "/" + file.path);
        json_number(out, "layer", file.lower);
        json_number(out, "by", file.upper);
        json_field(out, "how", file.how == Hiding::replaced ? "replaced" : "removed");
        json_number(out, "bytes", file.bytes);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return out.take() + "\n";
}

Result<int> run_tree(const oci::cli::Values& values) {
    const auto [layout, image] = TRY(open_image_to_read(TRY(image_arguments(values)).place, values));
    const auto progress = TRY(open_progress(values));
    const ImageTree tree = TRY(read_image_tree(layout, image, Contents::ignored, progress.get()));
    const ImageSummary summary = summarise(image, tree, TRY(find_shared_layers(layout, image)));
    TRY(print(values.has("json") ? as_json(summary) : as_text(summary, values.has("all"))));
    return 0;
}

oci::cli::Command tree_command() {
    return {
        .name = "tree",
        .summary = "show the layers of an image: sizes, what is shared, what is wasted, who hides whom",
        .arguments = "[IMAGE]",
        .description =
            "Wasted bytes are contents of files that an upper layer replaces or removes: they are stored and "
            "sent, but no container sees them. Shared are layers that other images of the same layout have.",
        .options = {image_option("image to look into; the tag may be left out when there is one image"),
                    platform_option(), switch_option("all", "list every hidden file, not only the largest"),
                    progress_option(), switch_option("json", "print JSON")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg tree debian:12"},
    };
}

}  // namespace

CommandEntry tree_entry() {
    return {with_remote_options(tree_command()), run_tree};
}

}  // namespace ocimg
