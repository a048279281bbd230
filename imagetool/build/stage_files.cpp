#include "imagetool/build/stage_files.hpp"

#include <fcntl.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/overlay/mount_overlay.hpp"
#include "imagetool/overlay/plain_copy.hpp"
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
    return plain_copies() ? open_copy(files.key, request.lowers) : mount_overlay(request);
}

/// A copy that stands until the build ends: a stage or an image is asked for more than once.
Result<Fd> LayerDirectories::open_copy(const std::string& key, const std::vector<BorrowedFd>& lowers) {
    const std::lock_guard guard(mutex_);
    auto copy = copies_.find(key);
    if (copy == copies_.end()) {
        WorkDirectory work = TRY(cache_.make_work());
        TRY(copy_layers(lowers, TRY(work.make("tree", 0755))));
        copy = copies_.emplace(key, std::move(work)).first;
    }
    return oci::open_at(copy->second.fd(), "tree", O_RDONLY | O_DIRECTORY);
}

}  // namespace ocimg::build
