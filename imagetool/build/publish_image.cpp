#include "imagetool/build/publish_image.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/store/tags.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg::build {

namespace {

using oci::Result;
using oci::spec::Annotations;
using oci::spec::Descriptor;

/// --annotation, as Docker has it: "NAME=VALUE", or "manifest:" or "index:" and that.
struct GivenAnnotations {
    Annotations manifest;
    Annotations index;
};

Result<GivenAnnotations> parse_annotations(const std::vector<std::string>& texts) {
    GivenAnnotations given;
    for (const std::string& text : texts) {
        std::string_view rest = text;
        const bool index = rest.starts_with("index:");
        if (index) rest.remove_prefix(6);
        if (rest.starts_with("manifest:")) rest.remove_prefix(9);
        const std::size_t equals = rest.find('=');
        if (equals == std::string::npos || equals == 0)
            return oci::failure(oci::ErrorCode::invalid,
                                "--annotation " + oci::quote(text) + ": expected NAME=VALUE");
        (index ? given.index : given.manifest)[std::string(rest.substr(0, equals))] = rest.substr(equals + 1);
    }
    return given;
}

Result<Descriptor> write_image(const Layout& layout, Image& image, const Annotations& annotations) {
    for (const auto& [name, value] : annotations) image.manifest.annotations[name] = value;
    image.manifest.config =
        TRY(layout.write_blob(oci::spec::to_json(image.config), oci::spec::media_type::config));
    Descriptor manifest =
        TRY(layout.write_blob(oci::spec::to_json(image.manifest), oci::spec::media_type::manifest));
    manifest.platform = oci::spec::platform_of(image.config);
    return manifest;
}

Result<Descriptor> write_index(const Layout& layout, std::vector<Descriptor> manifests,
                               const Annotations& annotations) {
    oci::spec::ImageIndex index;
    index.media_type = oci::spec::media_type::index;
    index.manifests = std::move(manifests);
    index.annotations = annotations;
    return layout.write_blob(oci::spec::to_json(index), oci::spec::media_type::index);
}

/// Whether the document stands in index.json under every tag, and nothing else does; without tags: at all.
bool is_named(const oci::spec::ImageIndex& index, const Descriptor& document,
              const std::vector<std::string>& tags) {
    const auto is_it = [&](const Descriptor& entry) { return entry.digest == document.digest; };
    if (tags.empty()) return std::any_of(index.manifests.begin(), index.manifests.end(), is_it);
    return std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
        std::vector<Descriptor> named;
        std::copy_if(index.manifests.begin(), index.manifests.end(), std::back_inserter(named),
                     [&](const Descriptor& entry) { return tag_of(entry) == tag; });
        return named.size() == 1 && is_it(named.front());
    });
}

}  // namespace

Result<BuiltImage> publish_images(const Layout& layout, std::vector<Image> images,
                                  const std::vector<std::string>& annotations,
                                  const std::vector<ImagePlace>& places) {
    const GivenAnnotations given = TRY(parse_annotations(annotations));
    const LayoutLock lock = TRY(layout.lock());
    std::vector<Descriptor> manifests;
    manifests.reserve(images.size());
    for (Image& image : images) manifests.push_back(TRY(write_image(layout, image, given.manifest)));
    const bool several = manifests.size() > 1;
    const Descriptor root =
        several ? TRY(write_index(layout, std::move(manifests), given.index)) : manifests.front();
    BuiltImage built{.digest = root.digest,
                     .config_digest = several ? root.digest : images.front().manifest.config.digest,
                     .layout = layout.path(),
                     .tags = {}};
    for (const ImagePlace& place : places) built.tags.push_back(place.tag);
    oci::spec::ImageIndex index = TRY(layout.index());
    if (is_named(index, root, built.tags)) return built;  // a build of nothing new writes nothing
    for (const std::string& tag : built.tags) set_tag(index, tag, {root});
    if (places.empty()) index.manifests.push_back(root);
    TRY(layout.replace_index(lock, index));
    return built;
}

}  // namespace ocimg::build
