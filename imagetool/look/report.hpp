#pragma once
// An image as one HTML page that needs nothing else: no script, no request, readable offline. Pure.

#include <string>

#include "imagetool/look/image_tree.hpp"
#include "imagetool/look/summary.hpp"
#include "imagetool/store/find_image.hpp"

namespace ocimg {

/// The page: numbers, layers, treemaps by path and by layer, hidden files, largest files, configuration and
/// history. Whatever the image says is escaped, and a content security policy forbids everything but the
/// page's own style.
std::string html_report(const std::string& name, const FoundImage& image, const ImageTree& tree,
                        const ImageSummary& summary);

}  // namespace ocimg
