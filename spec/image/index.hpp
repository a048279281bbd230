#pragma once
// The image index: manifests for several platforms, and index.json of a layout (image-spec image-index.md).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spec/image/descriptor.hpp"

namespace oci::spec {

struct ImageIndex {
    std::int64_t schema_version = 2;
    std::string media_type;
    std::string artifact_type;
    std::vector<Descriptor> manifests;
    std::optional<Descriptor> subject;
    Annotations annotations;
};

}  // namespace oci::spec
