#include "imagetool/change/artifact.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/store/tags.hpp"
#include "imagetool/transfer/collect_documents.hpp"
#include "imagetool/transfer/open_endpoints.hpp"
#include "spec/image/image_fields.hpp"
#include "spec/image/media_type.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

using oci::Result;
using oci::spec::Descriptor;

std::string as_text(const std::vector<Descriptor>& referrers) {
    std::vector<std::vector<std::string>> rows{{"ARTIFACT TYPE", "DIGEST", "SIZE", "ANNOTATIONS"}};
    for (const Descriptor& referrer : referrers) {
        std::string annotations;
        for (const auto& [name, value] : referrer.annotations) {
            annotations += (annotations.empty() ? "" : ",") + name + "=" + value;
        }
        rows.push_back({referrer.artifact_type, referrer.digest, std::to_string(referrer.size), annotations});
    }
    return text_table(rows);
}

/// The index that distribution-spec "Listing Referrers" answers with.
std::string as_json(const std::vector<Descriptor>& referrers) {
    oci::spec::ImageIndex index;
    index.media_type = oci::spec::media_type::index;
    index.manifests = referrers;
    return oci::spec::write_json(index, "    ") + "\n";
}

/// The registry is asked, or what it keeps under the tag of the older scheme.
Result<std::vector<Descriptor>> referrers_in_registry(const ImagePlace& place,
                                                      const oci::cli::Values& values) {
    RemoteAccess access(TRY(read_remote_options(values)));
    const auto source = TRY(open_source(place, access));
    const Document root = TRY(source->root());
    const auto platform = TRY(platform_argument(values));
    if (!platform.has_value()) return source->referrers(root.digest);
    return source->referrers(TRY(collect_documents(*source, root, {*platform})).back().digest);
}

Result<std::vector<Descriptor>> referrers_in_layout(const ImagePlace& place, const oci::cli::Values& values) {
    const auto [layout, query] = TRY(open_to_read(place, values));
    const auto entries = entries_named(layout, TRY(layout.index()), query);
    const bool whole = entries && entries->size() == 1 && !query.platform.has_value();
    const std::string digest =
        whole ? entries->front().digest : TRY(find_image(layout, query)).descriptor.digest;
    return find_referrers(layout, digest);
}

Result<int> run_referrers(const oci::cli::Values& values) {
    const ImagePlace place = TRY(image_arguments(values)).place;
    std::vector<Descriptor> found =
        TRY(place.kind == PlaceKind::registry ? referrers_in_registry(place, values)
                                              : referrers_in_layout(place, values));
    if (values.has("artifact-type")) {
        const std::string type = values.get("artifact-type");
        std::erase_if(found, [&](const Descriptor& referrer) { return referrer.artifact_type != type; });
    }
    TRY(print(values.has("json") ? as_json(found) : as_text(found)));
    return 0;
}

oci::cli::Command referrers_command() {
    return {
        .name = "referrers",
        .summary = "list the artifacts that are attached to an image",
        .arguments = "[IMAGE]",
        .options = {image_option("image to look at"),
                    value_option("artifact-type", "TYPE", "only artifacts of this type"),
                    value_option("platform", "OS/ARCH[/VARIANT]",
                                 "of this image of an index, not of the index"),
                    switch_option("json", "print JSON: an index, as registries answer")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg referrers app:1"},
    };
}

}  // namespace

CommandEntry referrers_entry() {
    return {with_remote_options(referrers_command()), run_referrers};
}

}  // namespace ocimg
