#pragma once
// The file "oci-layout" that marks an OCI image layout (image-spec image-layout.md).

#include <string>

namespace oci::spec {

inline constexpr const char* layout_version = "1.0.0";

struct ImageLayout {
    std::string image_layout_version;
};

}  // namespace oci::spec
