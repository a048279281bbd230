#include "imagetool/image/history.hpp"

namespace ocimg {

std::vector<HistoryStep> steps_of(const Image& image) {
    std::vector<HistoryStep> steps;
    std::size_t layer = 0;
    const std::size_t layers = image.manifest.layers.size();
    for (const oci::spec::History& text : image.config.history) {
        HistoryStep& step = steps.emplace_back(HistoryStep{.text = text, .layer = std::nullopt});
        if (!text.empty_layer && layer < layers) step.layer = layer++;
    }
    while (layer < layers) steps.push_back({.text = {}, .layer = layer++});
    return steps;
}

}  // namespace ocimg
