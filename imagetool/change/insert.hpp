#pragma once
// A layer that puts a file or a directory at one path of an image, or removes paths.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/change/new_layer.hpp"

namespace ocimg {

struct Insertion {
    std::string source;                  // of the host; empty: nothing is inserted
    std::string target;                  // in the image
    bool opaque = false;                 // what lower layers have in the target directory goes away
    std::vector<std::string> whiteouts;  // paths of the image that are removed
};

/// Writes the layer. The directories on the way to the target are not written: an image that has them keeps
/// their attributes.
oci::Result<FinishedLayer> write_inserted_layer(const Layout& layout, const Insertion& insertion,
                                                const NewLayerOptions& options);

}  // namespace ocimg
