#pragma once
// Whether files still have the content of the image's layers: byte for byte, one pass through each layer
// that matters.

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/bundle/tree_records.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

/// Those of `paths` below `root` (regular files with records) whose content is another one than that of the
/// image they were unpacked from.
oci::Result<std::vector<std::string>> files_with_other_content(const Layout& layout, const FoundImage& image,
                                                               oci::BorrowedFd root,
                                                               const TreeRecords& records,
                                                               const std::vector<std::string>& paths);

}  // namespace ocimg
