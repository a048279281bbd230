#pragma once
// An image's layers and files in numbers: sizes, shares, waste. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/look/image_tree.hpp"
#include "imagetool/look/shared_layers.hpp"
#include "imagetool/store/find_image.hpp"

namespace ocimg {

struct LayerSummary {
    std::string digest;
    std::string diff_id;
    std::uint64_t blob_size = 0;
    LayerCounts counts;
    std::vector<std::string> shared_with;
    std::string created_by;
};

struct ImageSummary {
    std::vector<LayerSummary> layers;
    std::uint64_t blob_bytes = 0;    // of all layers, compressed as they are
    std::uint64_t shared_bytes = 0;  // of the layers that other images have too
    std::size_t files = 0;           // entries of the final image, directories included
    std::uint64_t file_bytes = 0;    // contents in all layers
    std::uint64_t hidden_bytes = 0;  // of these, what nobody sees
    std::vector<HiddenFile> hidden;  // the largest first

    /// The part of the contents that is seen, in thousandths; 1000 for an image without contents.
    [[nodiscard]] std::uint64_t efficiency() const;
};

ImageSummary summarise(const FoundImage& image, const ImageTree& tree, const SharedLayers& shared);

}  // namespace ocimg
