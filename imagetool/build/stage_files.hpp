#pragma once
// The files of a stage after a step: layers by name, and the directories that hold them.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/overlay/layer_cache.hpp"

namespace ocimg::build {

/// One layer: a step's, by its key in the build cache, or a base image's.
struct StageLayer {
    std::string key;        // empty: the image's layer `index`
    std::size_t image = 0;  // into BuildGraph::images
    std::size_t index = 0;
    std::int64_t time = 0;  // no file of a step's layer is newer
};

struct StageFiles {
    std::string key;                 // equal keys: the same files
    std::int64_t time = 0;           // of the newest input
    std::vector<StageLayer> layers;  // the lowest first
};

/// Opens layers as directories; base layers are unpacked when somebody first asks for them.
class LayerDirectories {
public:
    LayerDirectories(const BuildCache& cache, const LayerCache& unpacked, const BuildGraph& graph)
        : cache_(cache), unpacked_(unpacked), graph_(graph) {}

    /// Topmost first. A step's directory that is gone is an error of code not_found.
    oci::Result<std::vector<oci::Fd>> open(const StageFiles& files);

    /// A read-only view of the files, or a plain directory where there is only one; `empty` is an empty
    /// directory.
    oci::Result<oci::Fd> open_view(const StageFiles& files, oci::BorrowedFd empty);

    [[nodiscard]] OverlayAttributes attributes() const { return unpacked_.attributes(); }
    /// Whether trees are plain copies, because no overlay can be mounted.
    [[nodiscard]] bool plain_copies() const { return unpacked_.plain_copies(); }

private:
    oci::Result<const LayerStack*> unpack(std::size_t image);
    oci::Result<oci::Fd> open_copy(const std::string& key, const std::vector<oci::BorrowedFd>& lowers);

    const BuildCache& cache_;
    const LayerCache& unpacked_;
    const BuildGraph& graph_;
    std::mutex mutex_;
    std::map<std::size_t, LayerStack> stacks_;
    std::map<std::string, WorkDirectory> copies_;  // by the key of the files: only with plain copies
};

}  // namespace ocimg::build
