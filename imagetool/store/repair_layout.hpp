#pragma once
// Finds what is damaged in a layout, and removes it.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/store/check_layout.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

struct Repair {
    std::vector<std::string> damaged;  // digests of blobs whose content is another one
    std::vector<std::string> broken;   // tags (or digests) of images that need such a blob, or a missing one
    std::vector<std::string> left;     // files that killed writers left
};

/// Looks at every blob, with no writer about. With `repair` the damaged blobs, the entries of index.json
/// that name broken images, and what was left are removed: first the entries, then the files.
/// `check.contents` is always on.
oci::Result<Repair> repair_layout(const Layout& layout, bool repair, CheckOptions check = {});

}  // namespace ocimg
