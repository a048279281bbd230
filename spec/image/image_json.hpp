#pragma once
// JSON of image documents: text to validated values and back. Every problem of a text is reported at once,
// with file, line, column and JSON path.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "spec/image/image_config.hpp"
#include "spec/image/index.hpp"
#include "spec/image/layout.hpp"
#include "spec/image/manifest.hpp"
#include "spec/image/platform.hpp"

namespace oci::spec {

/// Reads a manifest. `file` names the text in errors. `expected_media_type` is what the descriptor said
/// (OCI or Docker); a text that calls itself something else, or that could also be read as an index, is
/// an error. Empty: any manifest type.
Result<Manifest> parse_manifest(std::string_view text, const std::string& file,
                                std::string_view expected_media_type = {});
/// Reads an index or a Docker manifest list; the rest as for parse_manifest.
Result<ImageIndex> parse_index(std::string_view text, const std::string& file,
                               std::string_view expected_media_type = {});
/// Reads an image config.
Result<ImageConfig> parse_image_config(std::string_view text, const std::string& file);
/// Reads the file "oci-layout".
Result<ImageLayout> parse_layout(std::string_view text, const std::string& file);

/// Compact JSON in the order of the specification: the same value gives the same bytes.
std::string to_json(const Manifest& manifest);
std::string to_json(const ImageIndex& index);
std::string to_json(const ImageConfig& config);
std::string to_json(const ImageLayout& layout);

/// The platform that a config states.
Platform platform_of(const ImageConfig& config);

}  // namespace oci::spec
