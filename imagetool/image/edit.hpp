#pragma once
// Changes to an image as a value: a new layer, another configuration. Pure; nothing is read or written.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/image_config.hpp"
#include "spec/image/manifest.hpp"
#include "spec/image/platform.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg {

/// A manifest and the config it names.
struct Image {
    oci::spec::Manifest manifest;
    oci::spec::ImageConfig config;
};

/// An image without layers for a platform, made at `created`.
Image empty_image(const oci::spec::Platform& platform, const oci::spec::Timestamp& created);

/// The same image with one more layer on top, and its line of history. `created` becomes the image's own
/// time. Docker media types become those of OCI, which are the same content.
Image append_layer(Image image, const oci::spec::Descriptor& layer, const std::string& diff_id,
                   const std::string& created_by, const oci::spec::Timestamp& created);

/// What set_config changes; whatever is empty stays as it is.
struct ConfigChanges {
    std::vector<std::string> clear;  // cleared first: names of clearable_fields()
    std::optional<std::vector<std::string>> entrypoint;
    std::optional<std::vector<std::string>> cmd;
    std::vector<std::string> env;     // NAME=VALUE, replaces the variable or is added
    std::vector<std::string> labels;  // NAME=VALUE, likewise
    std::vector<std::string> volumes;
    std::vector<std::string> exposed_ports;  // PORT[/tcp|udp|sctp]
    std::vector<std::string> annotations;    // NAME=VALUE, of the manifest
    std::optional<std::string> user;
    std::optional<std::string> working_dir;
    std::optional<std::string> stop_signal;
    std::optional<std::string> author;
    std::optional<oci::spec::Platform> platform;
};

/// The names that ConfigChanges::clear takes.
const std::vector<std::string>& clearable_fields();

/// The same image with the changes, and a line of history without a layer. A value that image-spec
/// config.md does not allow, or that no runtime could start, is an error that names the option.
oci::Result<Image> set_config(Image image, const ConfigChanges& changes, const std::string& created_by,
                              const oci::spec::Timestamp& created);

/// The moment that SOURCE_DATE_EPOCH names (seconds since 1970); 1970 itself for an empty text.
oci::Result<oci::spec::Timestamp> timestamp_of_epoch(std::string_view source_date_epoch);

}  // namespace ocimg
