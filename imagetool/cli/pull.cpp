#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/unpack_bundle.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/owner_arguments.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/cli/unpack_while_pulling.hpp"
#include "imagetool/store/host_platform.hpp"
#include "imagetool/transfer/pull_reference.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::Result;
using oci::spec::Reference;

/// Pulls one of the names that the user may mean, to a bundle at the same time when --unpack is given.
Result<Document> pull_as_told(const Reference& reference, RemoteAccess& access, CopyOptions options,
                              Progress& progress, const oci::cli::Values& values,
                              const BundleOwners& owners) {
    if (!values.has("unpack")) return pull_reference(reference, access, options, progress);
    UnpackWhilePulling unpacking(values.get("unpack"), values.has("force"), owners);
    unpacking.follow(options);
    auto pulled = pull_reference(reference, access, options, progress);
    auto warnings = unpacking.finish(pulled.has_value());
    if (!pulled) return pulled;
    for (const std::string& warning : TRY(std::move(warnings))) warn(warning);
    return pulled;
}

Result<int> run_pull(const oci::cli::Values& values) {
    if (values.has("unpack"))
        oci::catch_interruptions(time_to_take_back);
    else
        oci::catch_interruptions();
    std::string text = values.arguments().front();
    if (text.starts_with("docker://")) text.erase(0, 9);
    BundleOwners owners;
    if (values.has("unpack")) owners = TRY(enter_for(TRY(owner_request(values))));
    CopyOptions options = TRY(read_copy_options(values));
    if (options.platforms.empty() && !values.has("all-platforms")) options.platforms = {host_platform()};
    RemoteAccess access(TRY(read_remote_options(values)));
    const auto progress = TRY(open_transfer_progress(values));
    const std::vector<Reference> candidates = TRY(plan_references(*TRY(access.registries_conf()), text));
    std::string reasons;
    for (const Reference& candidate : candidates) {
        auto pulled = pull_as_told(candidate, access, options, *progress, values, owners);
        if (!pulled && &candidate != &candidates.back() && oci::interruption() == 0) {
            reasons += pulled.error().text + "; ";
            continue;
        }
        const Document document = TRY(
            std::move(pulled).in("pull " + candidate.text() + (reasons.empty() ? "" : " (" + reasons + ")")));
        progress->say("pulled " + familiar_name(candidate.text()));
        TRY(tell_copied(values, candidate.text(), document));
        return 0;
    }
    return oci::failure("no registry to ask");
}

oci::cli::Command pull_command() {
    oci::cli::Command command{
        .name = "pull",
        .summary = "pull an image from a registry into the store",
        .arguments = "IMAGE",
        .description =
            "Fetches IMAGE for this machine's platform, or those of --platform, or all. What a broken pull "
            "left is gone on with. Short names mean what registries.conf says, else images of docker.io.",
        .options = copy_options(),
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg pull debian:12", "ocimg pull --unpack bundle debian:12",
                     "ocimg pull --platform linux/arm64 quay.io/team/app:1.0",
                     "ocimg pull --all-platforms localhost:5000/app"},
    };
    command.options.push_back(switch_option("all-platforms", "pull the image for every platform"));
    command.options.push_back(value_option("unpack", "BUNDLE", "unpack to a bundle while blobs arrive"));
    command.options.push_back(switch_option("force", "replace rootfs and config.json of an existing bundle"));
    append_options(command.options, owner_options());
    append_options(command.options, remote_options());
    append_options(command.options, progress_options());
    return command;
}

}  // namespace

CommandEntry pull_entry() {
    return {pull_command(), run_pull};
}

}  // namespace ocimg
