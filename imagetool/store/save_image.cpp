#include "imagetool/store/save_image.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/image_place.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

Result<void> check_tag(const Layout& layout, const oci::spec::ImageIndex& index, const std::string& tag,
                       ExistingTag existing) {
    TRY(check_new_tag(tag));
    const std::string name = "layout " + quote(layout.path()) + ": tag " + quote(tag);
    std::size_t entries = 0;
    for (const Descriptor& descriptor : index.manifests) {
        if (tag_of(descriptor) != tag) continue;
        ++entries;
        if (existing == ExistingTag::refuse) return failure(ErrorCode::exists, name + " exists already");
        if (oci::spec::media_kind(descriptor.media_type) == oci::spec::MediaKind::index || entries > 1) {
            return failure(ErrorCode::wrong_state,
                           name +
                               " names several images, which one image must not replace: give the new "
                               "image another tag");
        }
    }
    return {};
}

}  // namespace

Result<Descriptor> save_image(const Layout& layout, const LayoutLock& lock, const std::string& tag,
                              oci::spec::Manifest manifest, const oci::spec::ImageConfig& config,
                              ExistingTag existing) {
    oci::spec::ImageIndex index = TRY(layout.index());
    TRY(check_tag(layout, index, tag, existing));
    manifest.config = TRY(layout.write_blob(oci::spec::to_json(config), oci::spec::media_type::config));
    Descriptor descriptor =
        TRY(layout.write_blob(oci::spec::to_json(manifest), oci::spec::media_type::manifest));
    descriptor.platform = oci::spec::platform_of(config);
    descriptor.annotations[oci::spec::ref_name_annotation] = tag;
    auto& entries = index.manifests;
    const auto same_tag = [&](const Descriptor& entry) { return tag_of(entry) == tag; };
    const auto place = std::find_if(entries.begin(), entries.end(), same_tag);
    if (place == entries.end()) {
        entries.push_back(descriptor);
    } else {
        *place = descriptor;
    }
    TRY(layout.replace_index(lock, index));
    return descriptor;
}

}  // namespace ocimg
