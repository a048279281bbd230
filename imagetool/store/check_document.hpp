#pragma once
// Checks single documents of a layout: JSON, types, and every rule of image-spec that one document can break.
// What could be read of it comes back; nothing when it is no JSON or of another shape.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/image/image_config.hpp"
#include "spec/image/index.hpp"
#include "spec/image/manifest.hpp"
#include "spec/json/finding.hpp"

namespace ocimg {

using Findings = std::vector<oci::spec::Finding>;

void check_layout_marker(std::string_view text, const std::string& file, Findings& findings);
std::optional<oci::spec::ImageIndex> check_index(std::string_view text, const std::string& file,
                                                 Findings& findings);
std::optional<oci::spec::Manifest> check_manifest(std::string_view text, const std::string& file,
                                                  Findings& findings);
/// `layers` is how many layers the manifest has.
std::optional<oci::spec::ImageConfig> check_config(std::string_view text, const std::string& file,
                                                   std::size_t layers, Findings& findings);

}  // namespace ocimg
