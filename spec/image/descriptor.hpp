#pragma once
// The descriptor: what a blob is, how long, and its digest (image-spec descriptor.md).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/image/platform.hpp"

namespace oci::spec {

using Annotations = std::map<std::string, std::string>;

/// The annotation of index.json that names an image (its tag).
inline constexpr const char* ref_name_annotation = "org.opencontainers.image.ref.name";

struct Descriptor {
    std::string media_type;
    std::string digest;
    std::int64_t size = 0;  // bytes
    std::vector<std::string> urls;
    Annotations annotations;
    std::string data;  // base64 of the content
    std::string artifact_type;
    std::optional<Platform> platform;
};

}  // namespace oci::spec
