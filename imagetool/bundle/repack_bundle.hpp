#pragma once
// From a bundle whose root was changed to a new image: the changed files become a layer on top of the image
// that was unpacked.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/layer/write_layer.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/store/layout.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg {

struct RepackOptions {
    std::string tag;  // of the new image
    Compression compression = Compression::gzip;
    std::optional<std::int64_t> clamp_mtime;
    std::vector<std::string> masked;  // paths whose changes do not count
    bool mask_volumes = true;         // nor those in the image's volumes
    bool verify = false;              // compare contents and trust no time
    bool refresh_bundle = false;      // afterwards the bundle counts as unpacked from the new image
    std::string created_by;
    oci::spec::Timestamp created;
};

struct Repacked {
    oci::spec::Descriptor manifest;
    std::size_t entries = 0;  // of the new layer, whiteouts included; 0: no layer was added
    std::uint64_t size = 0;   // of its blob
};

/// Puts this process where the files of the bundle have their owners: into a user namespace, when an ordinary
/// user unpacked it. Call it before any thread starts.
oci::Result<void> enter_for_repack(const std::string& bundle);

/// Writes the layer and the image into `layout`, which must hold the image that the bundle was unpacked from,
/// and makes the tag name it. Without changes the tag names the old image. The root is only read; nothing
/// but --refresh-bundle changes the bundle. On failure no tag has changed, and nothing else is left.
oci::Result<Repacked> repack_bundle(const Layout& layout, const std::string& bundle,
                                    const RepackOptions& options, Progress& progress);

}  // namespace ocimg
