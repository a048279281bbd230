#include "imagetool/look/summary.hpp"

#include <algorithm>

#include "imagetool/image/history.hpp"

namespace ocimg {

namespace {

std::size_t count_below(const TreeNode& node) {
    std::size_t count = node.children.size();
    for (const auto& [name, child] : node.children) count += count_below(*child);
    return count;
}

}  // namespace

std::uint64_t ImageSummary::efficiency() const {
    if (file_bytes == 0) return 1000;
    // Sizes may be near 2^63: divide before multiplying when they are.
    return hidden_bytes > (std::uint64_t{1} << 50U) ? 1000 - hidden_bytes / (file_bytes / 1000 + 1)
                                                    : 1000 - hidden_bytes * 1000 / file_bytes;
}

ImageSummary summarise(const FoundImage& image, const ImageTree& tree, const SharedLayers& shared) {
    ImageSummary summary;
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
        const oci::spec::Descriptor& layer = image.manifest.layers[i];
        LayerSummary& one = summary.layers.emplace_back();
        one.digest = layer.digest;
        one.diff_id = image.config.rootfs.diff_ids[i];
        one.blob_size = static_cast<std::uint64_t>(layer.size);
        one.counts = tree.layers()[i];
        const auto found = shared.find(layer.digest);
        if (found != shared.end()) one.shared_with = found->second;
        summary.blob_bytes += one.blob_size;
        if (!one.shared_with.empty()) summary.shared_bytes += one.blob_size;
        summary.file_bytes += one.counts.bytes;
        summary.hidden_bytes += one.counts.hidden_bytes;
    }
    for (const HistoryStep& step : steps_of({image.manifest, image.config})) {
        if (step.layer.has_value()) summary.layers[*step.layer].created_by = step.text.created_by;
    }
    summary.files = count_below(tree.root());
    summary.hidden = tree.hidden();
    std::stable_sort(summary.hidden.begin(), summary.hidden.end(),
                     [](const HiddenFile& a, const HiddenFile& b) { return a.bytes > b.bytes; });
    return summary;
}

}  // namespace ocimg
