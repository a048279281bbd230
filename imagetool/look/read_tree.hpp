#pragma once
// Reading the layers of an image into a tree, and the content of one of its files; every byte is verified.

#include "base/result.hpp"
#include "imagetool/look/image_tree.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

/// Whether the contents of files are hashed on the way (to compare them).
enum class Contents { ignored, hashed };

/// Every layer, in order, put into a tree. What is read is told to `progress`, here and below.
oci::Result<ImageTree> read_image_tree(const Layout& layout, const FoundImage& image, Contents contents,
                                       Progress* progress = nullptr);

/// Calls `visit` for every entry of one layer, whiteouts included.
oci::Result<void> read_layer_of(const Layout& layout, const FoundImage& image, std::size_t layer,
                                const VisitLayerEntry& visit, Progress* progress = nullptr);

/// Writes the content of the entry that `reader` stands at, with zeros for the holes of a sparse file.
oci::Result<void> write_content(const Entry& entry, TarReader& reader, ByteSink& sink);

/// Writes the content of a file; the holes of sparse files become zeros. The layer's digests are checked
/// last: on error what was written is not to be trusted.
oci::Result<void> read_content(const Layout& layout, const FoundImage& image, const FileContent& content,
                               ByteSink& sink);

}  // namespace ocimg
