#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/transfer/open_endpoints.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;

/// Where a push goes: to DESTINATION, with or without "docker://", else to the image's own name.
oci::Result<ImagePlace> destination_of(const std::vector<std::string>& arguments, const ImagePlace& from) {
    if (arguments.size() < 2) {
        if (from.kind != PlaceKind::store || !from.reference.has_value()) {
            return failure(ErrorCode::invalid,
                           oci::quote(from.text) + " is not named as in a registry: say where to push it");
        }
        return place_argument("docker://" + from.tag);
    }
    const std::string& text = arguments[1];
    return place_argument(text.find("//") == std::string::npos ? "docker://" + text : text);
}

oci::Result<int> run_push(const oci::cli::Values& values) {
    oci::catch_interruptions();
    const ImagePlace from = TRY(place_argument(values.arguments().front()));
    const ImagePlace to = TRY(destination_of(values.arguments(), from));
    if (to.kind != PlaceKind::registry) {
        return failure(ErrorCode::invalid, oci::quote(to.text) + " is no registry: use ocimg copy");
    }
    CopyOptions options = TRY(read_copy_options(values));
    adapt_to_archives(from, to, options);
    const UploadOptions upload = TRY(read_upload_options(values));
    RemoteAccess access(TRY(read_remote_options(values)));
    const auto progress = TRY(open_transfer_progress(values));
    const auto source = TRY(open_source(from, access));
    const auto target = TRY(open_target(to, from, access, upload));
    const Document pushed =
        TRY(copy_image(*source, *target, options, *progress).in("push " + to.reference->text()));
    TRY(tell_copied(values, to.reference->text(), pushed));
    return 0;
}

oci::cli::Command push_command() {
    oci::cli::Command command{
        .name = "push",
        .summary = "push an image to a registry",
        .arguments = "IMAGE [DESTINATION]",
        .description =
            "Pushes an image of the store, of a layout or of an archive, with all its platforms unless "
            "--platform is given. DESTINATION is REGISTRY/NAME[:TAG]; without it the image's own name says "
            "where it goes. Blobs that the registry has are not sent again.",
        .options = copy_options(),
        .least_arguments = 1,
        .most_arguments = 2,
        .examples = {"ocimg push registry.example.com/team/app:1.0",
                     "ocimg push ./layout:latest localhost:5000/app:1"},
    };
    append_options(command.options, upload_options());
    append_options(command.options, remote_options());
    append_options(command.options, progress_options());
    return command;
}

}  // namespace

CommandEntry push_entry() {
    return {push_command(), run_push};
}

}  // namespace ocimg
