#pragma once
// Which bundles use a layer cache: a file for each in the cache, so that no layer is removed under a mount.

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "imagetool/overlay/layer_cache.hpp"

namespace ocimg {

/// Notes that a bundle (its path, made absolute) uses layers of the cache. Told before it is mounted.
oci::Result<void> register_cache_user(const LayerCache& cache, const std::string& bundle);

struct PrunedCache {
    std::uint64_t removed = 0;  // layers
    std::uint64_t kept = 0;
};

/// Removes the layers that no bundle uses any more: a bundle counts while its ocimg.json is there. Waits
/// until nobody is about to mount from the cache.
oci::Result<PrunedCache> prune_layer_cache(const LayerCache& cache);

}  // namespace ocimg
