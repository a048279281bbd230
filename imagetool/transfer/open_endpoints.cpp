#include "imagetool/transfer/open_endpoints.hpp"

#include "base/text.hpp"
#include "imagetool/store/host_platform.hpp"
#include "imagetool/transfer/archive_source.hpp"
#include "imagetool/transfer/archive_target.hpp"
#include "imagetool/transfer/layout_source.hpp"
#include "imagetool/transfer/layout_target.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "imagetool/transfer/registry_source.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

/// The name that an image gets in a layout when none is asked for: the one it has where it comes from.
std::string tag_from(const ImagePlace& from) {
    return from.kind == PlaceKind::docker_archive ? std::string() : from.tag;
}

/// The name for docker load that an image has where it comes from: a full one, or none.
std::string docker_tag_from(const ImagePlace& from) {
    if (from.kind == PlaceKind::docker_archive) return from.tag;
    if (!from.reference.has_value()) return {};
    oci::spec::Reference name = *from.reference;
    name.digest.reset();
    name.tag = from.tag;
    return name.tag.empty() ? std::string() : name.text();
}

Result<std::unique_ptr<ImageTarget>> open_registry_target(const ImagePlace& place, RemoteAccess& access,
                                                          const UploadOptions& upload) {
    if (place.digest.has_value()) {
        return failure(ErrorCode::invalid, quote(place.text) +
                                               " has a digest, which follows from what is pushed: "
                                               "name a tag");
    }
    RegistryClient client = TRY(access.open_for_writing(*place.reference));
    return std::unique_ptr<ImageTarget>(
        std::make_unique<RegistryTarget>(std::move(client), place.tag, upload));
}

}  // namespace

void adapt_to_archives(const ImagePlace& from, const ImagePlace& to, CopyOptions& options) {
    if (to.kind == PlaceKind::docker_archive) {
        options.compression = Compression::none;
        if (options.platforms.empty()) options.platforms = {host_platform()};
    } else if (from.kind == PlaceKind::docker_archive && !options.compression.has_value()) {
        options.compression = Compression::gzip;
    }
}

std::string name_in_registry(const oci::spec::Reference& reference) {
    return reference.digest.has_value() ? reference.digest->text() : reference.tag_or_default();
}

Result<std::unique_ptr<ImageSource>> open_source(const ImagePlace& place, RemoteAccess& access) {
    if (place.kind == PlaceKind::registry) {
        auto clients = TRY(access.open_for_reading(*place.reference));
        return std::unique_ptr<ImageSource>(
            std::make_unique<RegistrySource>(std::move(clients), name_in_registry(*place.reference)));
    }
    const std::string digest = place.digest.has_value() ? place.digest->text() : std::string();
    if (place.kind == PlaceKind::oci_archive) return OciArchiveSource::open(place.path, place.tag, digest);
    if (place.kind == PlaceKind::docker_archive) return DockerArchiveSource::open(place.path, place.tag);
    auto [layout, query] = TRY(open_image_place(place, Access::read));
    return std::unique_ptr<ImageSource>(std::make_unique<LayoutSource>(std::move(layout), query));
}

Result<std::unique_ptr<ImageTarget>> open_target(const ImagePlace& place, const ImagePlace& from,
                                                 RemoteAccess& access, const UploadOptions& upload) {
    if (place.kind == PlaceKind::registry) return open_registry_target(place, access, upload);
    std::string tag = place.tag.empty() ? tag_from(from) : place.tag;
    if (place.kind == PlaceKind::oci_archive) return OciArchiveTarget::create(place.path, std::move(tag));
    if (place.kind == PlaceKind::docker_archive) {
        // A bare tag ("1") names nothing for docker load.
        return DockerArchiveTarget::create(place.path, place.tag.empty() ? docker_tag_from(from) : place.tag);
    }
    return std::unique_ptr<ImageTarget>(std::make_unique<LayoutTarget>(
        [place]() -> Result<Layout> { return TRY(open_image_place(place, Access::create)).layout; },
        std::move(tag)));
}

}  // namespace ocimg
