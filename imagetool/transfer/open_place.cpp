#include "imagetool/transfer/open_place.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/store/tags.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

Result<Layout> open_layout(const ImagePlace& place, Access access) {
    return access == Access::create ? Layout::open_or_create(place.path) : Layout::open(place.path);
}

Result<Layout> open_store(const ImagePlace& place, Access access) {
    auto store = open_default_store(access);
    if (store || store.error().code != ErrorCode::not_found) return store;
    return failure(ErrorCode::not_found, "there is no image " + quote(place.text) + ": the store " +
                                             quote(TRY(default_store_path())) + " is empty");
}

/// A word of hex digits is a name of the store, but when there is none it may begin a digest.
Result<void> prefer_digest(OpenedPlace& opened, const std::string& digits) {
    const oci::spec::ImageIndex index = TRY(opened.layout.index());
    const std::vector<std::string> tags = tags_of(index);
    if (std::find(tags.begin(), tags.end(), opened.query.tag) != tags.end()) return {};
    auto digest = find_by_digits(index, digits);
    if (!digest) return digest.error().code == ErrorCode::not_found ? Result<void>() : digest.error();
    opened.query = {.tag = {}, .platform = std::nullopt, .digest = std::move(*digest)};
    return {};
}

Result<Layout> open_elsewhere(const ImagePlace& place, Access access) {
    const char* const kind = place.kind == PlaceKind::registry ? "a registry" : "an archive";
    if (access != Access::read) {
        return failure(ErrorCode::unsupported, quote(place.text) + " is in " + kind +
                                                   ", where images are not changed: copy it into a layout "
                                                   "first");
    }
    return failure(ErrorCode::unsupported, quote(place.text) + ": images cannot be read out of " + kind +
                                               " yet: copy it into a layout first, with skopeo copy");
}

}  // namespace

Result<OpenedPlace> open_image_place(const ImagePlace& place, Access access) {
    const auto open = [&]() -> Result<Layout> {
        switch (place.kind) {
            case PlaceKind::layout:
                return open_layout(place, access);
            case PlaceKind::store:
                return open_store(place, access);
            case PlaceKind::oci_archive:
            case PlaceKind::docker_archive:
            case PlaceKind::registry:
                break;
        }
        return open_elsewhere(place, access);
    };
    OpenedPlace opened{TRY(open()), {.tag = place.tag, .platform = std::nullopt, .digest = place.digest}};
    if (place.kind == PlaceKind::store && access != Access::create && may_be_digits(place.text)) {
        TRY(prefer_digest(opened, place.text));
    }
    return opened;
}

Result<Layout> open_default_store(Access access) {
    const std::string path = TRY(default_store_path());
    if (access != Access::create) return Layout::open(path);
    TRY(oci::make_directories(path, 0700));
    return Layout::open_or_create(path);
}

bool is_layout_directory(const std::string& path) {
    return oci::status_at(oci::current_directory, path + "/oci-layout").has_value();
}

}  // namespace ocimg
