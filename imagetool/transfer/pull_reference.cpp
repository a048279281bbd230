#include "imagetool/transfer/pull_reference.hpp"

#include "imagetool/transfer/open_endpoints.hpp"

namespace ocimg {

ImagePlace registry_place(const oci::spec::Reference& reference) {
    return {.kind = PlaceKind::registry,
            .path = {},
            .tag = reference.tag_or_default(),
            .digest = reference.digest,
            .reference = reference,
            .text = reference.text()};
}

oci::Result<Document> pull_reference(const oci::spec::Reference& reference, RemoteAccess& access,
                                     const CopyOptions& options, Progress& progress) {
    const ImagePlace from = registry_place(reference);
    const auto source = TRY(open_source(from, access));
    const auto target = TRY(open_target(TRY(parse_store_name(reference.text())), from, access, {}));
    return copy_image(*source, *target, options, progress);
}

}  // namespace ocimg
