#include <fcntl.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/change/artifact.hpp"
#include "imagetool/change/copy_blobs.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/tags.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

constexpr const char* title_annotation = "org.opencontainers.image.title";

struct Attachment {
    std::string path;
    std::string media_type = "application/octet-stream";
};

/// FILE[:MEDIATYPE]; a file whose whole name is there wins.
Attachment attachment_of(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const bool typed = colon != std::string::npos && oci::spec::is_media_type(text.substr(colon + 1)) &&
                       !oci::status_at(oci::current_directory, text);
    return typed ? Attachment{text.substr(0, colon), text.substr(colon + 1)} : Attachment{.path = text};
}

Result<Descriptor> store_attachment(const Layout& layout, const std::string& text) {
    const Attachment attachment = attachment_of(text);
    const Fd file = TRY(oci::open_file(attachment.path, O_RDONLY | O_NONBLOCK));
    if (!S_ISREG(TRY(oci::status_of(file)).st_mode)) {
        return failure(ErrorCode::invalid, quote(attachment.path) + " is not a regular file");
    }
    Descriptor descriptor = TRY(store_file(layout, file, attachment.media_type).in(quote(attachment.path)));
    descriptor.annotations[title_annotation] = attachment.path.substr(attachment.path.rfind('/') + 1);
    return descriptor;
}

Result<oci::spec::Annotations> annotations_of(const oci::cli::Values& values) {
    oci::spec::Annotations annotations;
    for (const std::string& text : values.all("annotation")) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return failure(ErrorCode::invalid, "--annotation " + quote(text) + ": expected NAME=VALUE");
        }
        annotations[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return annotations;
}

/// What the artifact is about: the entry of index.json, or with --platform one image of it.
Result<Descriptor> subject_of(const Layout& layout, ImageQuery query, const oci::cli::Values& values) {
    query.platform = TRY(platform_argument(values));
    const auto entries = entries_named(layout, TRY(layout.index()), query);
    if (entries && entries->size() == 1 && !query.platform.has_value()) return entries->front();
    return TRY(find_image(layout, query)).descriptor;
}

Result<void> add_to_index(const Layout& layout, const LayoutLock& lock, const std::string& tag,
                          const Descriptor& artifact) {
    oci::spec::ImageIndex index = TRY(layout.index());
    if (!tag.empty()) {
        set_tag(index, tag, {artifact});
    } else {
        const bool known =
            std::any_of(index.manifests.begin(), index.manifests.end(),
                        [&](const Descriptor& entry) { return entry.digest == artifact.digest; });
        if (known) return {};
        index.manifests.push_back(artifact);
    }
    return layout.replace_index(lock, index);
}

Result<int> run_attach(const oci::cli::Values& values) {
    oci::catch_interruptions();
    if (!oci::spec::is_media_type(values.get("artifact-type"))) {
        return failure(ErrorCode::invalid,
                       "attach: --artifact-type TYPE is required: a media type such as "
                       "application/spdx+json");
    }
    const std::vector<std::string>& files = values.arguments();
    const ImageArguments arguments =
        TRY(image_arguments(values, files.size() - (values.has("image") || files.empty() ? 0 : 1)));
    const auto annotations = TRY(annotations_of(values));
    const auto [layout, query] = TRY(open_image_place(arguments.place, Access::change));
    const std::string tag =
        values.has("tag") ? TRY(new_tag_argument(values, arguments.place)) : std::string();
    const LayoutLock lock = TRY(layout.lock());
    const Descriptor subject = TRY(subject_of(layout, query, values));
    std::vector<Descriptor> blobs;
    for (const std::string& file : arguments.others) blobs.push_back(TRY(store_attachment(layout, file)));
    const Descriptor artifact = TRY(store_artifact(
        layout, artifact_manifest(values.get("artifact-type"), std::move(blobs), subject, annotations)));
    TRY(add_to_index(layout, lock, tag, artifact));
    if (values.has("json")) TRY(print(written_as_json(tag, artifact)));
    return 0;
}

oci::cli::Command attach_command() {
    return {
        .name = "attach",
        .summary = "attach files to an image as an artifact: a bill of materials, a signature, a scan",
        .arguments = "[IMAGE] [FILE[:MEDIATYPE]...]",
        .description =
            "Writes a manifest whose subject is the image (or the index that the tag names) and whose layers "
            "are "
            "the files, and puts it into index.json. The image itself does not change. ocimg referrers lists "
            "it.",
        .options = {image_option("image to attach to"),
                    value_option("artifact-type", "TYPE", "media type that says what the artifact is"),
                    list_option("annotation", "NAME=VALUE", "set an annotation of the artifact"),
                    value_option("platform", "OS/ARCH[/VARIANT]",
                                 "attach to this image of an index, not to the index"),
                    value_option("tag", "TAG", "give the artifact a tag too"), written_json_option()},
        .least_arguments = 0,
        .most_arguments = oci::cli::many_arguments,
        .examples =
            {"ocimg attach app:1 sbom.json:application/spdx+json --artifact-type application/spdx+json"},
    };
}

}  // namespace

CommandEntry attach_entry() {
    return {attach_command(), run_attach};
}

}  // namespace ocimg
