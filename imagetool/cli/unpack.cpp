#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/bundle_owners.hpp"
#include "imagetool/bundle/unpack_bundle.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/edit_arguments.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/owner_arguments.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/store/find_image.hpp"

namespace ocimg {

namespace {

oci::Result<std::optional<std::uint64_t>> max_size_argument(const oci::cli::Values& values) {
    if (!values.has("max-size")) return std::optional<std::uint64_t>();
    return std::optional(TRY(parse_size(values.get("max-size")).in("--max-size")));
}

/// What stands in the bundle now.
std::string as_json(const std::string& bundle, const FoundImage& image, bool overlay,
                    const std::vector<std::string>& warnings) {
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_field(out, "bundle", bundle);
    json_field(out, "root", overlay ? "overlay" : "tree");
    json_field(out, "tag", image.tag);
    json_field(out, "mediaType", image.descriptor.media_type);
    json_field(out, "digest", image.descriptor.digest);
    out.key("warnings");
    out.begin_array();
    for (const std::string& warning : warnings) out.string(oci::to_utf8(warning));
    out.end_array();
    out.end_object();
    return out.take() + "\n";
}

oci::Result<int> run_unpack(const oci::cli::Values& values) {
    oci::catch_interruptions(time_to_take_back);
    const ImageArguments arguments = TRY(image_arguments(values, 1));
    const OwnerRequest request = TRY(owner_request(values));
    const BundleOwners owners = TRY(enter_for(request));
    auto [layout, query] = TRY(open_to_read(arguments.place, values));
    const FoundImage image = TRY(find_image(layout, query));
    const auto progress = TRY(open_progress(values));
    const UnpackOptions options{.force = values.has("force"),
                                .keep_dirlinks = values.has("keep-dirlinks"),
                                .overlay = values.has("overlay"),
                                .layer_cache = values.get("layer-cache"),
                                .owners = owners,
                                .max_size = TRY(max_size_argument(values)),
                                .sync = values.has("sync"),
                                .progress = progress.get()};
    const auto warnings = TRY(unpack_bundle(layout, image, arguments.others.front(), options));
    for (const std::string& warning : warnings) warn(warning);
    if (values.has("json")) TRY(print(as_json(arguments.others.front(), image, options.overlay, warnings)));
    return 0;
}

oci::cli::Command unpack_command() {
    oci::cli::Command command{
        .name = "unpack",
        .summary = "unpack an image into a bundle for an OCI runtime",
        .arguments = "[IMAGE] BUNDLE",
        .description =
            "Writes BUNDLE/rootfs from the layers and BUNDLE/config.json from the image's "
            "configuration. Every blob is checked against its digest, every layer against its "
            "diff id. When anything fails, BUNDLE is as it was before. BUNDLE/ocimg.json says where "
            "the bundle comes from; repack needs it.\n\n"
            "With --overlay each layer is unpacked once into a cache that all bundles share, and rootfs "
            "is mounted on top of it, copy-on-write: changes go to BUNDLE/upper. The mount stays until "
            "'ocimg umount BUNDLE' or the next boot, after which 'ocimg mount BUNDLE' brings it back; "
            "'ocimg umount --remove BUNDLE' deletes the bundle.\n\n"
            "An ordinary user is root of a user namespace meanwhile, with the ids that /etc/subuid and "
            "/etc/subgid give to the user, or with --rootless (and where there are none) with the user's own "
            "id alone; config.json describes a container with the same ids. Owners that are not mapped are "
            "kept in the attribute user.rootlesscontainers, devices become empty files, and repack brings "
            "the owners back. Root may give files other owners with --uid-map and --gid-map.",
        .options = {image_option("image to unpack; the tag may be left out when there is one image"),
                    value_option("platform", "OS/ARCH[/VARIANT]",
                                 "which image, when the tag has several platforms (default: this machine's)"),
                    switch_option("force", "replace rootfs and config.json of an existing bundle"),
                    switch_option("overlay", "mount rootfs from layers that all bundles share"),
                    layer_cache_option(), progress_option(),
                    value_option("max-size", "SIZE",
                                 "an error when the files hold more together (powers of 1000: 500M, 2G)"),
                    switch_option("sync", "wait until the bundle would outlive a power cut"),
                    switch_option("keep-dirlinks",
                                  "follow a link where a layer has a directory, do not "
                                  "replace it"),
                    switch_option("json", "print the bundle and its image as JSON")},
        .least_arguments = 1,
        .most_arguments = 2,
        .examples = {"ocimg unpack debian:12 bundle", "ocimg unpack --image layout:latest bundle",
                     "ocimg unpack --uid-map 0:100000:65536 --gid-map 0:100000:65536 debian:12 bundle"},
    };
    append_options(command.options, owner_options());
    return command;
}

}  // namespace

CommandEntry unpack_entry() {
    return {with_remote_options(unpack_command()), run_unpack};
}

}  // namespace ocimg
