#include "imagetool/change/insert.hpp"

#include "base/text.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/edit_arguments.hpp"
#include "imagetool/cli/options.hpp"

namespace ocimg {

namespace {

using oci::Result;

std::string history_text(const Insertion& insertion) {
    std::string text = "ocimg insert";
    for (const std::string& path : insertion.whiteouts) text += " --whiteout " + path;
    if (insertion.opaque) text += " --opaque";
    return insertion.source.empty() ? text : text + " " + insertion.target;
}

Result<int> run_insert(const oci::cli::Values& values) {
    Insertion insertion{.opaque = values.has("opaque"), .whiteouts = values.all("whiteout")};
    const std::size_t given = values.arguments().size() + (values.has("image") ? 1 : 0);
    const bool only_removes = given == 1 && !insertion.whiteouts.empty();
    const ImageArguments arguments = TRY(image_arguments(values, only_removes ? 0 : 2));
    if (!only_removes) {
        insertion.source = arguments.others[0];
        insertion.target = arguments.others[1];
    }
    return edit_image(values, arguments.place, [&](const ImageEdit& edit) -> Result<Image> {
        const FinishedLayer layer = TRY(write_inserted_layer(edit.layout, insertion, edit.layer_options));
        const std::string text =
            values.has("created-by") ? values.get("created-by") : history_text(insertion);
        return append_layer({edit.image.manifest, edit.image.config}, layer.descriptor, layer.diff_id, text,
                            edit.created);
    });
}

oci::cli::Command insert_command() {
    return {
        .name = "insert",
        .summary = "put a file or a directory into an image, or remove paths from it",
        .arguments = "[IMAGE] [SOURCE TARGET]",
        .description =
            "Adds a layer in which SOURCE of this machine stands at the path TARGET. Modes, owners, times "
            "and "
            "attributes are kept. Directories on the way to TARGET stay as the image has them; missing ones "
            "are "
            "made when it is unpacked.",
        .options =
            edit_options({switch_option("opaque", "what the image has in the directory TARGET goes away"),
                          list_option("whiteout", "PATH", "remove this path of the image"),
                          value_option("created-by", "TEXT", "text for the image's history")},
                         true),
        .least_arguments = 0,
        .most_arguments = 3,
        .examples = {"ocimg insert app:1 nginx.conf /etc/nginx/nginx.conf",
                     "ocimg insert --image layout:latest --opaque site /srv/www",
                     "ocimg insert app:1 --whiteout /var/cache"},
    };
}

}  // namespace

CommandEntry insert_entry() {
    return {insert_command(), run_insert};
}

}  // namespace ocimg
