#include "imagetool/build/stage_files.hpp"

#include <fcntl.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/overlay/mount_overlay.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg::build {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

Result<const LayerStack*> LayerDirectories::unpack(std::size_t image) {
    const std::lock_guard guard(mutex_);
    if (const auto known = stacks_.find(image); known != stacks_.end()) return &known->second;
    const BaseImage& base = graph_.images[image];
    const Layout layout = TRY(Layout::open(base.layout));
    std::vector<LayerToUnpack> layers;
    for (std::size_t i = 0; i < base.manifest.layers.size(); ++i) {
        const oci::spec::Descriptor& blob = base.manifest.layers[i];
        layers.push_back({.open_blob = [&layout, blob] { return layout.open_blob(blob); },
                          .media_type = blob.media_type,
                          .digest = blob.digest,
                          .size = static_cast<std::uint64_t>(blob.size),
                          .diff_id = base.config.rootfs.diff_ids[i]});
    }
    LayerStack stack = TRY(unpacked_.unpack(layers).in("image " + oci::quote(base.name)));
    return &stacks_.emplace(image, std::move(stack)).first->second;
}

Result<std::vector<Fd>> LayerDirectories::open(const StageFiles& files) {
    std::vector<Fd> directories;
    for (auto layer = files.layers.rbegin(); layer != files.layers.rend(); ++layer) {
        if (!layer->key.empty()) {
            directories.push_back(cache_.open_layer(layer->key));
            if (!directories.back().is_open())
                return oci::failure(oci::ErrorCode::not_found, "the files of a step are gone from the cache");
            continue;
        }
        const LayerStack* const stack = TRY(unpack(layer->image));
        const std::size_t from_top = stack->directories.size() - 1 - layer->index;
        directories.push_back(TRY(oci::duplicate(stack->directories[from_top])));
    }
    return directories;
}

Result<Fd> LayerDirectories::open_view(const StageFiles& files, BorrowedFd empty) {
    const std::vector<Fd> directories = TRY(open(files));
    OverlayRequest request{.attributes = attributes()};
    for (const Fd& directory : directories) request.lowers.push_back(directory);
    // Two are the least that the kernel takes without an upper one.
    request.lowers.push_back(empty);
    if (request.lowers.size() == 1) return oci::open_at(empty, ".", O_RDONLY | O_DIRECTORY);
    return mount_overlay(request);
}

}  // namespace ocimg::build
