#pragma once
// Blobs of one layout in another.

#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

/// Copies manifest, config and layers of an image, each checked on the way. What is there is not copied.
/// The rest is told to `progress`.
oci::Result<void> copy_image_blobs(const Layout& from, const Layout& to, const FoundImage& image,
                                   Progress* progress = nullptr);

/// Writes a file's content as a blob and gives its descriptor.
oci::Result<oci::spec::Descriptor> store_file(const Layout& to, oci::BorrowedFd file,
                                              std::string_view media_type);

}  // namespace ocimg
