#pragma once
// Removes what no tag of a layout needs any more.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

struct Garbage {
    std::vector<std::string> removed;  // digests of blobs, and names of what killed writers left; sorted
    std::uint64_t bytes = 0;           // that they had
    std::uint64_t kept = 0;            // blobs
};

/// Removes every blob that index.json does not lead to: through manifests (config, layers), indexes and
/// subjects. First all that is needed is found, then the rest removed. It waits until no ocimg writes blobs
/// into the layout, and keeps others from beginning; when a writer that knows no locks changes index.json
/// meanwhile, it begins again. A needed document that cannot be read is an error, and nothing is removed:
/// what it needs cannot be known. With `dry_run` nothing is removed at all.
oci::Result<Garbage> collect_garbage(const Layout& layout, bool dry_run);

}  // namespace ocimg
