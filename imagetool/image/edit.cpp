#include "imagetool/image/edit.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

/// The OCI name of a layer's media type; anything unknown stays as it is.
std::string oci_layer_type(const std::string& media_type) {
    constexpr std::array<std::array<std::string_view, 2>, 5> names{{
        {oci::spec::media_type::docker_layer_tar, oci::spec::media_type::layer_tar},
        {oci::spec::media_type::docker_layer_gzip, oci::spec::media_type::layer_tar_gzip},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", oci::spec::media_type::layer_tar_zstd},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar",
         "application/vnd.oci.image.layer.nondistributable.v1.tar"},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
    }};
    for (const auto& [docker, oci_name] : names) {
        if (media_type == docker) return std::string(oci_name);
    }
    return media_type;
}

}  // namespace

void become_oci(Image& image) {
    image.manifest.media_type = oci::spec::media_type::manifest;
    image.manifest.config.media_type = oci::spec::media_type::config;
    for (Descriptor& layer : image.manifest.layers) layer.media_type = oci_layer_type(layer.media_type);
}

void record_change(Image& image, const oci::spec::History& line) {
    image.config.created = line.created;
    image.config.history.push_back(line);
    become_oci(image);
}

Image empty_image(const oci::spec::Platform& platform, const oci::spec::Timestamp& created) {
    Image image;
    image.manifest.media_type = oci::spec::media_type::manifest;
    image.config.created = to_text(created);
    image.config.architecture = platform.architecture;
    image.config.os = platform.os;
    image.config.variant = platform.variant;
    image.config.rootfs.type = "layers";
    return image;
}

Image append_layer(Image image, const Descriptor& layer, const std::string& diff_id,
                   const std::string& created_by, const oci::spec::Timestamp& created) {
    image.manifest.layers.push_back(layer);
    image.config.rootfs.diff_ids.push_back(diff_id);
    oci::spec::History line;
    line.created = to_text(created);
    line.created_by = created_by;
    record_change(image, line);
    return image;
}

Result<oci::spec::Timestamp> timestamp_of_epoch(std::string_view source_date_epoch) {
    if (source_date_epoch.empty()) return oci::spec::Timestamp{};
    const auto seconds = oci::parse_integer<std::int64_t>(source_date_epoch);
    // The last second of the year 9999, the end of RFC 3339.
    if (seconds.has_value() && *seconds >= 0 && *seconds <= 253402300799) {
        return oci::spec::Timestamp{.seconds = *seconds};
    }
    return failure(ErrorCode::invalid, "SOURCE_DATE_EPOCH: " + quote(source_date_epoch) +
                                           " is not a number of seconds since 1970");
}

}  // namespace ocimg
