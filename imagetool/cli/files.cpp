#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/file_rows.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/look/read_tree.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

/// Calls `visit` for a node and everything below it, each directory before what it holds.
template <class Visit>
void for_each_below(const TreeNode& node, const Visit& visit) {
    visit(node);
    for (const auto& [name, child] : node.children) for_each_below(*child, visit);
}

Result<std::vector<FileRow>> rows_of_image(const Layout& layout, const FoundImage& image,
                                           const std::string& path, Progress& progress) {
    const ImageTree tree = TRY(read_image_tree(layout, image, Contents::ignored, &progress));
    const TreeNode* const top = TRY(tree.find(path, true));
    std::vector<FileRow> rows;
    for_each_below(*top, [&](const TreeNode& node) { rows.push_back(row_of(node)); });
    return rows;
}

Result<std::vector<FileRow>> rows_of_layer(const Layout& layout, const FoundImage& image,
                                           const std::string& number, const std::string& path,
                                           Progress& progress) {
    const auto layer = oci::parse_integer<std::size_t>(number);
    if (!layer.has_value() || *layer >= image.manifest.layers.size()) {
        return failure(ErrorCode::invalid, "--layer " + oci::quote(number) + ": the image has " +
                                               oci::count_of(image.manifest.layers.size(), "layer") +
                                               ", counted from 0");
    }
    const std::string start = TRY(entry_path(path)).full();
    std::vector<FileRow> rows;
    const auto add = [&](LayerEntry& listed, TarReader&) -> Result<void> {
        const std::string place = listed.path.full();
        const bool below = start.empty() || place == start || place.starts_with(start + "/");
        if (below) rows.push_back(row_of(listed, *layer));
        return {};
    };
    TRY(read_layer_of(layout, image, *layer, add, &progress));
    return rows;
}

Result<int> run_files(const oci::cli::Values& values) {
    const bool has_path = values.arguments().size() + (values.has("image") ? 1 : 0) > 1;
    const ImageArguments arguments = TRY(image_arguments(values, has_path ? 1 : 0));
    const std::string path = has_path ? arguments.others.front() : "/";
    const auto [layout, image] = TRY(open_image_to_read(arguments.place, values));
    const auto progress = TRY(open_progress(values));
    const auto rows =
        TRY(values.has("layer") ? rows_of_layer(layout, image, values.get("layer"), path, *progress)
                                : rows_of_image(layout, image, path, *progress));
    TRY(print(values.has("json") ? rows_as_json(rows) : rows_as_text(rows)));
    return 0;
}

oci::cli::Command files_command() {
    return {
        .name = "files",
        .summary = "list the files of an image without unpacking it",
        .arguments = "[IMAGE] [PATH]",
        .description =
            "Shows what a container of the image would see, or with PATH a directory of it, with the layer "
            "each file comes from. With --layer: what one layer holds, its deletions (whiteouts) included.",
        .options = {image_option("image to look into; the tag may be left out when there is one image"),
                    platform_option(), value_option("layer", "NUMBER", "one layer only, counted from 0"),
                    progress_option(), switch_option("json", "print JSON")},
        .least_arguments = 0,
        .most_arguments = 2,
        .examples = {"ocimg files debian:12 /etc", "ocimg files --layer 0 ./layout:latest"},
    };
}

}  // namespace

CommandEntry files_entry() {
    return {with_remote_options(files_command()), run_files};
}

}  // namespace ocimg
