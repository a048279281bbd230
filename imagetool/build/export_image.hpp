#pragma once
// From a built stage to an image: its layers as blobs, its configuration and history.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/build/stage_files.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg::build {

/// A layer as a blob of the layout.
struct LayerBlob {
    oci::spec::Descriptor descriptor;
    std::string diff_id;
};

/// Writes layers of steps into a layout; those that are there already are not written again. May be called
/// from several threads.
class LayerExporter {
public:
    LayerExporter(const BuildCache& cache, const BuildGraph& graph, const Layout& layout)
        : cache_(cache), graph_(graph), layout_(layout) {}

    oci::Result<LayerBlob> write(const StageLayer& layer);

private:
    oci::Result<LayerBlob> write_base(const StageLayer& layer);
    oci::Result<LayerBlob> write_step(const StageLayer& layer);

    const BuildCache& cache_;
    const BuildGraph& graph_;
    const Layout& layout_;
    std::mutex mutex_;
};

/// The image of a stage. `blobs` are its layers, the lowest first.
Image make_image(const BuildGraph& graph, std::size_t stage, const StageFiles& files,
                 const std::vector<LayerBlob>& blobs);

}  // namespace ocimg::build
