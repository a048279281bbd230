#include "imagetool/change/recompose.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/image/history.hpp"
#include "spec/image/image_json.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::History;

template <class T>
auto position(std::vector<T>& values, std::size_t number) {
    return values.begin() + static_cast<std::ptrdiff_t>(number);
}

/// How many lines of the image's history tell of its lowest `layers` layers.
std::size_t lines_of_base(const Image& image, const Image& base) {
    const auto& history = image.config.history;
    const auto& known = base.config.history;
    const bool same =
        known.size() <= history.size() &&
        std::equal(known.begin(), known.end(), history.begin(), [](const History& a, const History& b) {
            return a.created_by == b.created_by && a.empty_layer == b.empty_layer;
        });
    if (same) return known.size();
    std::size_t layers = base.manifest.layers.size();
    std::size_t lines = 0;
    while (lines < history.size() && layers > 0) {
        if (!history[lines++].empty_layer) --layers;
    }
    return lines;
}

Result<void> check_base(const Image& image, const Image& base) {
    const auto& own = image.config.rootfs.diff_ids;
    const auto& bases = base.config.rootfs.diff_ids;
    if (bases.size() > own.size()) {
        return failure(ErrorCode::invalid, "the image has " + oci::count_of(own.size(), "layer") +
                                               ", its old base " + std::to_string(bases.size()) +
                                               ": it is not built on that base");
    }
    for (std::size_t i = 0; i < bases.size(); ++i) {
        if (own[i] == bases[i]) continue;
        return failure(ErrorCode::invalid, "layer " + std::to_string(i) + " of the image has the diff id " +
                                               own[i] + ", of the old base " + bases[i] +
                                               ": it is not built on that base");
    }
    return {};
}

}  // namespace

Image with_squashed_layer(Image image, std::size_t keep, const FinishedLayer& layer,
                          const oci::spec::Timestamp& created) {
    const std::size_t squashed = image.manifest.layers.size() - keep;
    std::vector<HistoryStep> steps = steps_of(image);
    image.config.history.clear();
    for (HistoryStep& step : steps) {
        const bool gone = step.layer.has_value() && *step.layer >= keep;
        if (gone) step.text.empty_layer = true;
        if (!gone || !step.text.created_by.empty()) image.config.history.push_back(step.text);
    }
    image.manifest.layers.resize(keep);
    image.config.rootfs.diff_ids.resize(keep);
    return append_layer(std::move(image), layer.descriptor, layer.diff_id,
                        "ocimg squash: " + oci::count_of(squashed, "layer"), created);
}

Result<Image> rebase_image(Image image, const Image& old_base, const Image& new_base,
                           const oci::spec::Timestamp& created) {
    TRY(check_base(image, old_base));
    const auto own = oci::spec::platform_of(image.config);
    const auto other = oci::spec::platform_of(new_base.config);
    if (own.os != other.os || own.architecture != other.architecture) {
        return failure(ErrorCode::invalid,
                       "the image is for " + to_text(own) + ", the new base for " + to_text(other));
    }
    const std::size_t lines = lines_of_base(image, old_base);
    const std::size_t layers = old_base.manifest.layers.size();
    auto& history = image.config.history;
    history.erase(history.begin(), position(history, lines));
    history.insert(history.begin(), new_base.config.history.begin(), new_base.config.history.end());
    auto& ids = image.config.rootfs.diff_ids;
    ids.erase(ids.begin(), position(ids, layers));
    ids.insert(ids.begin(), new_base.config.rootfs.diff_ids.begin(), new_base.config.rootfs.diff_ids.end());
    auto& blobs = image.manifest.layers;
    blobs.erase(blobs.begin(), position(blobs, layers));
    blobs.insert(blobs.begin(), new_base.manifest.layers.begin(), new_base.manifest.layers.end());
    become_oci(image);
    image.config.created = to_text(created);
    return image;
}

Image with_split_layer(Image image, std::size_t number, const std::vector<FinishedLayer>& parts,
                       const oci::spec::Timestamp& created) {
    std::vector<HistoryStep> steps = steps_of(image);
    image.config.history.clear();
    for (const HistoryStep& step : steps) {
        History line = step.text;
        line.empty_layer = !step.layer.has_value();
        image.config.history.push_back(line);
        if (step.layer != number) continue;
        for (std::size_t i = 1; i < parts.size(); ++i) {
            History more = line;
            more.comment =
                "part " + std::to_string(i + 1) + " of " + std::to_string(parts.size()) + " of that layer";
            image.config.history.push_back(std::move(more));
        }
    }
    auto& blobs = image.manifest.layers;
    auto& ids = image.config.rootfs.diff_ids;
    blobs.erase(position(blobs, number));
    ids.erase(position(ids, number));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        blobs.insert(position(blobs, number + i), parts[i].descriptor);
        ids.insert(position(ids, number + i), parts[i].diff_id);
    }
    become_oci(image);
    image.config.created = to_text(created);
    return image;
}

}  // namespace ocimg
