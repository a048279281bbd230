#include "imagetool/look/shared_layers.hpp"

#include <algorithm>
#include <set>

namespace ocimg {

using oci::Result;
using oci::spec::Descriptor;

Result<SharedLayers> find_shared_layers(const Layout& layout, const FoundImage& image) {
    std::set<std::string> own;
    for (const Descriptor& layer : image.manifest.layers) own.insert(layer.digest);
    SharedLayers shared;
    for (const Descriptor& entry : TRY(layout.index()).manifests) {
        const auto images = images_below(layout, entry);
        if (!images) continue;
        for (const Descriptor& descriptor : *images) {
            if (descriptor.digest == image.descriptor.digest) continue;
            const auto other = read_image(layout, descriptor);
            if (!other) continue;
            const std::string name = tag_of(entry).empty() ? descriptor.digest : tag_of(entry);
            for (const Descriptor& layer : other->manifest.layers) {
                if (!own.contains(layer.digest)) continue;
                std::vector<std::string>& names = shared[layer.digest];
                if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
            }
        }
    }
    return shared;
}

}  // namespace ocimg
