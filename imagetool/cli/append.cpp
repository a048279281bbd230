#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/layer/write_layer.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/save_image.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

Result<WriteOptions> write_options(const oci::cli::Values& values) {
    WriteOptions options;
    options.compression = TRY(compression_argument(values));
    options.clamp_mtime = TRY(source_date_epoch());
    options.prefix = values.get("prefix");
    return options;
}

Result<Fd> open_source(const std::string& path) {
    if (path == "-") return oci::duplicate(oci::BorrowedFd(STDIN_FILENO));
    auto source = oci::open_file(path, O_RDONLY);
    if (source) return source;
    return failure(source.error().code, quote(path) + ": " + oci::errno_text(source.error().system_errno));
}

Result<WrittenLayer> write_layer(const std::string& path, const WriteOptions& options, ByteSink& blob) {
    const Fd source = TRY(open_source(path));
    const struct stat status = TRY(oci::status_of(source).in(quote(path)));
    if (S_ISDIR(status.st_mode)) return write_directory_layer(source, options, blob).in(quote(path));
    if (!options.prefix.empty()) {
        return failure(ErrorCode::invalid,
                       "--prefix works with a directory, and " + quote(path) + " is none");
    }
    FileSource tar(source);
    return write_tar_layer(tar, options, blob).in(quote(path));
}

Result<int> run_append(const oci::cli::Values& values) {
    oci::catch_interruptions();
    const ImageArguments arguments = TRY(image_arguments(values, 1));
    const std::string new_tag = TRY(new_tag_argument(values, arguments.place));
    WriteOptions options = TRY(write_options(values));
    const auto progress = TRY(open_progress(values));
    const auto created = TRY(creation_time(values));
    auto [layout, query] = TRY(open_image_place(arguments.place, Access::change));
    query.platform = TRY(platform_argument(values));
    const LayoutLock lock = TRY(layout.lock());
    const FoundImage found = TRY(find_image(layout, query));
    BlobWriter blob = TRY(layout.write_blob());
    ProgressItem item = progress->start("new layer", 0);
    options.on_write = [&](std::uint64_t bytes) { item.add(bytes); };
    const WrittenLayer written = TRY(write_layer(arguments.others.front(), options, blob));
    TRY(blob.commit());
    item.finish();
    oci::spec::Descriptor layer;
    layer.media_type = written.media_type;
    layer.digest = written.digest;
    layer.size = static_cast<std::int64_t>(written.size);
    const std::string created_by = values.has("created-by") ? values.get("created-by") : "ocimg append";
    const Image image =
        append_layer({found.manifest, found.config}, layer, written.diff_id, created_by, created);
    const auto saved =
        TRY(save_image(layout, lock, new_tag, image.manifest, image.config, ExistingTag::replace));
    if (values.has("json")) TRY(print(written_as_json(new_tag, saved)));
    return 0;
}

oci::cli::Command append_command() {
    return {
        .name = "append",
        .summary = "add a directory or a tar archive to an image as its top layer",
        .arguments = "[IMAGE] DIRECTORY|TAR",
        .description =
            "Writes a layer and makes the tag name the image with it on top. A directory is "
            "written with sorted entries; file times later than SOURCE_DATE_EPOCH, when that is "
            "set, become it. A tar archive, compressed or not, is taken as it is; - reads one "
            "from standard input.",
        .options = {image_option("image to add to"), new_tag_option(), compression_option(),
                    value_option("prefix", "PATH", "put the directory's content at this path of the image"),
                    platform_option(), value_option("created-by", "TEXT", "text for the image's history"),
                    created_option(), progress_option(), written_json_option()},
        .least_arguments = 1,
        .most_arguments = 2,
        .examples = {"ocimg append app:latest rootfs", "ocimg append --image layout:latest rootfs",
                     "ocimg append --image layout:latest --tag with-app --prefix opt/app build"},
    };
}

}  // namespace

CommandEntry append_entry() {
    return {append_command(), run_append};
}

}  // namespace ocimg
