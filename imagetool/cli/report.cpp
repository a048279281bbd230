#include "imagetool/look/report.hpp"

#include <fcntl.h>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/look/read_tree.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

/// Replaces the file as a whole: a page that was open in a browser is never a half one.
Result<void> write_page(const std::string& path, const std::string& page) {
    if (path == "-") return print(page);
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty()) return failure(ErrorCode::invalid, "--html " + oci::quote(path) + " names no file");
    const Fd opened = TRY(oci::open_file(directory, O_RDONLY | O_DIRECTORY));
    return oci::replace_file(opened, name, page, 0644, oci::Durability::atomic_only).in(path);
}

Result<int> run_report(const oci::cli::Values& values) {
    if (!values.has("html")) return failure(ErrorCode::invalid, "report: --html FILE is required");
    const ImagePlace place = TRY(image_arguments(values)).place;
    const auto [layout, image] = TRY(open_image_to_read(place, values));
    const auto progress = TRY(open_progress(values));
    const ImageTree tree = TRY(read_image_tree(layout, image, Contents::ignored, progress.get()));
    const ImageSummary summary = summarise(image, tree, TRY(find_shared_layers(layout, image)));
    const std::string page = html_report(place.text, image, tree, summary);
    TRY(write_page(values.get("html"), page));
    if (!values.has("json")) return 0;
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_field(out, "html", values.get("html"));
    json_number(out, "size", page.size());
    out.end_object();
    TRY(print(out.take() + "\n"));
    return 0;
}

oci::cli::Command report_command() {
    oci::cli::Option html = value_option("html", "FILE", "where to write the page; - is standard output");
    html.completes = oci::cli::Completes::files;
    return {
        .name = "report",
        .summary = "write a page about an image: layers, treemaps, wasted space, history",
        .arguments = "[IMAGE]",
        .description =
            "Writes one HTML page that needs nothing else and runs nothing: no script, no request. What the "
            "image says is shown as text.",
        .options = {image_option("image to show; the tag may be left out when there is one image"), html,
                    platform_option(), progress_option(),
                    switch_option("json", "print what was written as JSON")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg report debian:12 --html debian.html"},
    };
}

}  // namespace

CommandEntry report_entry() {
    return {with_remote_options(report_command()), run_report};
}

}  // namespace ocimg
