#pragma once
// From an image's config to a bundle's config.json, as image-spec conversion.md asks. Pure.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/image/image_config.hpp"
#include "spec/runtime/config.hpp"

namespace ocimg {

/// The runtime configuration, and what a user should know about it.
struct Conversion {
    oci::spec::RuntimeConfig config;
    std::vector<std::string> warnings;
};

/// What the image says (process, annotations, volumes) on top of a default like that of `runc spec`, with
/// a writable root and without a terminal. Volumes become tmpfs mounts that start with the image's content.
/// Labels in name spaces by which runtimes and engines are steered are left out, with a warning.
/// An image for another system than Linux, an Env entry without '=' and a relative WorkingDir or volume
/// are errors.
oci::Result<Conversion> to_runtime_config(const oci::spec::ImageConfig& image, const oci::spec::User& user);

}  // namespace ocimg
