#pragma once
// From a name to a source or a target of a copy: layouts, the store, archives and registries.

#include <memory>

#include "base/result.hpp"
#include "imagetool/remote/remote_access.hpp"
#include "imagetool/store/image_place.hpp"
#include "imagetool/transfer/copy_image.hpp"
#include "imagetool/transfer/image_source.hpp"
#include "imagetool/transfer/image_target.hpp"

namespace ocimg {

/// Opens what is named for reading. `access` must outlive the source.
oci::Result<std::unique_ptr<ImageSource>> open_source(const ImagePlace& place, RemoteAccess& access);
/// Opens what is named for writing. Layouts and the store are made when they are not there. `from` is the
/// source's name: a target in a layout that has no tag of its own takes the source's.
oci::Result<std::unique_ptr<ImageTarget>> open_target(const ImagePlace& place, const ImagePlace& from,
                                                      RemoteAccess& access, const UploadOptions& upload);

/// What the places ask of a copy: a docker-archive holds one image with uncompressed layers; layers that come
/// out of one are compressed (gzip) unless the user says how.
void adapt_to_archives(const ImagePlace& from, const ImagePlace& to, CopyOptions& options);

/// The tag or digest by which a registry is asked for the image.
std::string name_in_registry(const oci::spec::Reference& reference);

}  // namespace ocimg
