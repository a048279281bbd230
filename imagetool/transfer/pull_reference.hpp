#pragma once
// An image from its registry into the default store.

#include "base/result.hpp"
#include "imagetool/remote/remote_access.hpp"
#include "imagetool/store/image_place.hpp"
#include "imagetool/transfer/copy_image.hpp"
#include "spec/image/reference.hpp"

namespace ocimg {

/// The place in its registry that a reference names.
ImagePlace registry_place(const oci::spec::Reference& reference);

/// Copies the image (from a mirror, where registries.conf has one) into the default store, where it has the
/// same name. The store is made when it is not there.
oci::Result<Document> pull_reference(const oci::spec::Reference& reference, RemoteAccess& access,
                                     const CopyOptions& options, Progress& progress);

}  // namespace ocimg
