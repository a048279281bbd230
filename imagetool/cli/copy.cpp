#include "base/interruption.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/transfer/open_endpoints.hpp"

namespace ocimg {

namespace {

oci::Result<int> run_copy(const oci::cli::Values& values) {
    oci::catch_interruptions();
    const ImagePlace from = TRY(place_argument(values.arguments()[0]));
    const ImagePlace to = TRY(place_argument(values.arguments()[1]));
    CopyOptions options = TRY(read_copy_options(values));
    adapt_to_archives(from, to, options);
    const UploadOptions upload = TRY(read_upload_options(values));
    RemoteAccess reading(TRY(read_remote_options(values, "src")));
    RemoteAccess writing(TRY(read_remote_options(values, "dest")));
    const auto progress = TRY(open_transfer_progress(values));
    const auto source = TRY(open_source(from, reading));
    const auto target = TRY(open_target(to, from, writing, upload));
    const Document copied =
        TRY(copy_image(*source, *target, options, *progress).in("copy " + from.text + " to " + to.text));
    TRY(tell_copied(values, to.text, copied));
    return 0;
}

oci::cli::Command copy_command() {
    oci::cli::Command command{
        .name = "copy",
        .summary = "copy an image between layouts, archives, registries and the store",
        .arguments = "SOURCE DESTINATION",
        .description =
            "Copies what SOURCE names, with all its platforms unless --platform is given, byte by byte "
            "unless "
            "--format or --compression is given. Blobs that the destination has are not sent again; inside "
            "one "
            "registry they are mounted. What a broken copy into a layout left is gone on with by the next "
            "one.",
        .options = copy_options(),
        .least_arguments = 2,
        .most_arguments = 2,
        .examples = {"ocimg copy docker://debian:12 oci:layout:12",
                     "ocimg copy --platform linux/amd64 docker://debian:12 oci-archive:debian.tar",
                     "ocimg copy --referrers docker://old.example.com/app:1 docker://new.example.com/app:1"},
    };
    append_options(command.options, upload_options());
    append_options(command.options, remote_options());
    append_options(command.options, side_options("src"));
    append_options(command.options, side_options("dest"));
    append_options(command.options, progress_options());
    return command;
}

}  // namespace

CommandEntry copy_entry() {
    return {copy_command(), run_copy};
}

}  // namespace ocimg
