#pragma once
// From a name to what it names: the layout to work on, and which image of it. Every command opens images
// here, so that a new kind of place is added once.

#include <string>

#include "base/result.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/image_place.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

/// Whether an image is only read, changed in the place (which must exist), or made (and the place with it).
enum class Access { read, change, create };

/// An open layout and the image that was named.
struct OpenedPlace {
    Layout layout;
    ImageQuery query;
};

/// Opens the place. The default store is a layout as any other; with Access::create it is made when it is
/// not there (0700).
oci::Result<OpenedPlace> open_image_place(const ImagePlace& place, Access access);

/// Opens the default store, and makes it with Access::create.
oci::Result<Layout> open_default_store(Access access);

/// Whether `path` is a directory with a file "oci-layout": what parse_image_place asks.
bool is_layout_directory(const std::string& path);

}  // namespace ocimg
