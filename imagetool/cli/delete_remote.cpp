#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/transfer/registry_source.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

/// Takes a manifest out of the list of its subject's referrers, where the registry leaves that to clients
/// (distribution-spec "Deleting Manifests").
Result<void> forget_referrer(const RegistryClient& client, const std::string& digest) {
    const auto manifest = client.manifest(digest);
    if (!manifest) return manifest.error().code == ErrorCode::not_found ? Result<void>{} : manifest.error();
    const std::string subject = subject_of({manifest->media_type, manifest->digest, manifest->text});
    if (subject.empty() || TRY(client.has_referrers_api(subject))) return {};
    return client.remove_referrer(subject, digest);
}

Result<void> delete_tag(const RegistryClient& client, const std::string& tag) {
    auto removed = client.remove_manifest(tag);
    if (removed || removed.error().code == ErrorCode::not_found) {
        if (removed) return removed;
        // Registries that know no tags to delete say "not found" or "unsupported", whether it is there or
        // not.
    }
    const auto manifest = TRY(client.find_manifest(tag));
    if (!manifest.has_value()) return removed.error();
    return failure(ErrorCode::unsupported,
                   "the registry does not delete tags (" + removed.error().text +
                       "): to delete the manifest, with every tag that names it, give @" + manifest->digest +
                       " instead of the tag");
}

Result<int> run_delete(const oci::cli::Values& values) {
    std::string text = values.arguments().front();
    if (!text.starts_with("docker://")) text.insert(0, "docker://");
    const ImagePlace place = TRY(place_argument(text));
    if (place.reference->tag.empty() && !place.digest.has_value()) {
        return failure(ErrorCode::invalid,
                       oci::quote(text) + " has neither tag nor digest: nothing is deleted by default");
    }
    RemoteAccess access(TRY(read_remote_options(values)));
    const RegistryClient client = TRY(access.open_for_writing(*place.reference));
    if (place.digest.has_value()) {
        TRY(forget_referrer(client, place.digest->text()));
        TRY(client.remove_manifest(place.digest->text()));
    } else {
        TRY(delete_tag(client, place.tag));
    }
    if (!values.has("json")) return 0;
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_field(out, place.digest.has_value() ? "digest" : "tag",
               place.digest.has_value() ? place.digest->text() : place.tag);
    json_field(out, "name", place.reference->text());
    out.end_object();
    TRY(print(out.take() + "\n"));
    return 0;
}

oci::cli::Command delete_command() {
    oci::cli::Command command{
        .name = "delete",
        .summary = "delete a tag or a manifest in a registry",
        .arguments = "IMAGE",
        .description =
            "With a tag, deletes the tag alone; with a digest, the manifest with every tag that names it. "
            "Not every registry allows either.",
        .options = remote_options(),
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg delete docker://localhost:5000/team/app:old",
                     "ocimg delete docker://localhost:5000/team/app@sha256:..."},
    };
    command.options.push_back(switch_option("json", "print what was deleted as JSON"));
    return command;
}

}  // namespace

CommandEntry delete_entry() {
    return {delete_command(), run_delete};
}

}  // namespace ocimg
