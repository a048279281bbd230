#include <unistd.h>

#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/file_rows.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/look/compare_trees.hpp"
#include "imagetool/look/read_tree.hpp"

namespace ocimg {

namespace {

using oci::Result;

Result<int> run_cat(const oci::cli::Values& values) {
    const ImageArguments arguments = TRY(image_arguments(values, 1));
    const std::string& path = arguments.others.front();
    const auto [layout, image] = TRY(open_image_to_read(arguments.place, values));
    const bool json = values.has("json");
    const auto progress = TRY(open_progress(values));
    const ImageTree tree =
        TRY(read_image_tree(layout, image, json ? Contents::hashed : Contents::ignored, progress.get()));
    const TreeNode* const node = TRY(tree.find(path, true));
    if (node->content == nullptr) {
        return oci::failure(
            oci::ErrorCode::invalid,
            oci::quote(path) + " is a " + std::string(kind_name(node->entry.kind)) + ", not a file");
    }
    if (json) {
        oci::spec::JsonWriter out("    ");
        write_row(out, row_of(*node));
        TRY(print(out.take() + "\n"));
        return 0;
    }
    FileSink sink(oci::BorrowedFd(STDOUT_FILENO));
    TRY(read_content(layout, image, *node->content, sink));
    return 0;
}

oci::cli::Command cat_command() {
    return {
        .name = "cat",
        .summary = "print a file of an image without unpacking it",
        .arguments = "[IMAGE] PATH",
        .description =
            "Symbolic links are followed inside the image, as if its root were /. The layer is checked "
            "against its digest again while it is read: with another exit code than 0 what was printed is "
            "not to be trusted.",
        .options = {image_option("image to look into; the tag may be left out when there is one image"),
                    platform_option(), progress_option(),
                    switch_option("json", "print what the file is, with the digest of its content, as JSON")},
        .least_arguments = 1,
        .most_arguments = 2,
        .examples = {"ocimg cat debian:12 /etc/os-release"},
    };
}

}  // namespace

CommandEntry cat_entry() {
    return {with_remote_options(cat_command()), run_cat};
}

}  // namespace ocimg
