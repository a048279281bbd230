#pragma once
// The history of an image beside its layers. Pure.

#include <cstddef>
#include <optional>
#include <vector>

#include "imagetool/image/edit.hpp"

namespace ocimg {

/// One step of how an image was made, and the layer it left, when it left one.
struct HistoryStep {
    oci::spec::History text;           // empty for a layer that the history does not tell of
    std::optional<std::size_t> layer;  // into manifest.layers
};

/// Every step in order. History may tell of fewer layers than there are, or of more: layers left over come
/// last, steps left over have no layer.
std::vector<HistoryStep> steps_of(const Image& image);

}  // namespace ocimg
