#pragma once
// From a name to what it names: the layout to work on, and which image of it. Every command opens images
// here, so that a new kind of place is added once.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "imagetool/remote/remote_access.hpp"
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

/// How the image of a registry is looked at.
struct RegistryReading {
    RemoteOptions remote;
    std::optional<oci::spec::Platform> platform;  // none: this machine's
    /// The manifest and the config are enough: the layers stay where they are, and so does the store.
    bool documents_only = false;
};

/// Opens the place. An image of a registry is pulled into the store. The default store is a layout as any
/// other; with Access::create it is made when it is not there (0700).
oci::Result<OpenedPlace> open_image_place(const ImagePlace& place, Access access,
                                          const RegistryReading& reading = {});

/// Opens the default store, and makes it with Access::create.
oci::Result<Layout> open_default_store(Access access);

/// Whether `path` is a directory with a file "oci-layout": what parse_image_place asks.
bool is_layout_directory(const std::string& path);

}  // namespace ocimg
