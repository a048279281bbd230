#include "imagetool/build/resolve_image.hpp"

#include "base/text.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/image_place.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg::build {

namespace {

using oci::Result;

constexpr std::string_view layout_scheme = "oci-layout://";
constexpr std::string_view image_scheme = "docker-image://";

Result<ImagePlace> place_of(const std::string& name) {
    if (name.starts_with(layout_scheme))
        return parse_image_place("oci:" + name.substr(layout_scheme.size()), BareName::layout,
                                 is_layout_directory);
    if (name.starts_with(image_scheme)) return parse_store_name(name.substr(image_scheme.size()));
    return parse_store_name(name);
}

}  // namespace

Result<BaseImage> resolve_image(const std::string& name, const oci::spec::Platform& platform) {
    const std::string context = "image " + oci::quote(name);
    OpenedPlace opened = TRY(open_image_place(TRY(place_of(name).in(context)), Access::read).in(context));
    opened.query.platform = platform;
    FoundImage found = TRY(find_image(opened.layout, opened.query).in(context));
    if (found.config.rootfs.diff_ids.size() != found.manifest.layers.size())
        return oci::failure(oci::ErrorCode::invalid, context + ": it has not as many layers as diff ids");
    return BaseImage{name, opened.layout.path(), std::move(found.manifest), std::move(found.config)};
}

}  // namespace ocimg::build
