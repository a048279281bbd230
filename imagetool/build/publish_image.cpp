#include "imagetool/build/publish_image.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/store/save_image.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg::build {

namespace {

using oci::Result;
using oci::spec::Descriptor;

Result<void> annotate(oci::spec::Manifest& manifest, const std::vector<std::string>& annotations) {
    for (const std::string& annotation : annotations) {
        const std::size_t equals = annotation.find('=');
        if (equals == std::string::npos || equals == 0)
            return oci::failure(oci::ErrorCode::invalid,
                                "--annotation " + oci::quote(annotation) + ": expected NAME=VALUE");
        manifest.annotations[annotation.substr(0, equals)] = annotation.substr(equals + 1);
    }
    return {};
}

/// An entry of index.json without a name, unless the image is in it already.
Result<void> add_untagged(const Layout& layout, const LayoutLock& lock, const Descriptor& manifest) {
    oci::spec::ImageIndex index = TRY(layout.index());
    const bool known = std::any_of(index.manifests.begin(), index.manifests.end(),
                                   [&](const Descriptor& entry) { return entry.digest == manifest.digest; });
    if (known) return {};
    index.manifests.push_back(manifest);
    return layout.replace_index(lock, index);
}

}  // namespace

Result<BuiltImage> publish_image(const Layout& layout, Image image,
                                 const std::vector<std::string>& annotations,
                                 const std::vector<ImagePlace>& places) {
    TRY(annotate(image.manifest, annotations));
    const LayoutLock lock = TRY(layout.lock());
    image.manifest.config =
        TRY(layout.write_blob(oci::spec::to_json(image.config), oci::spec::media_type::config));
    Descriptor manifest =
        TRY(layout.write_blob(oci::spec::to_json(image.manifest), oci::spec::media_type::manifest));
    manifest.platform = oci::spec::platform_of(image.config);
    BuiltImage built{.digest = manifest.digest,
                     .config_digest = image.manifest.config.digest,
                     .layout = layout.path(),
                     .tags = {}};
    for (const ImagePlace& place : places) {
        TRY(save_image(layout, lock, place.tag, image.manifest, image.config, ExistingTag::replace));
        built.tags.push_back(place.tag);
    }
    if (places.empty()) TRY(add_untagged(layout, lock, manifest));
    return built;
}

}  // namespace ocimg::build
