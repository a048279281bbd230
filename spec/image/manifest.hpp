#pragma once
// The image manifest: one config and its layers (image-spec manifest.md, Docker schema 2).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spec/image/descriptor.hpp"

namespace oci::spec {

struct Manifest {
    std::int64_t schema_version = 2;
    std::string media_type;
    std::string artifact_type;
    Descriptor config;
    std::vector<Descriptor> layers;  // the base layer first
    std::optional<Descriptor> subject;
    Annotations annotations;
};

}  // namespace oci::spec
