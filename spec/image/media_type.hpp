#pragma once
// Media types of images: the names of image-spec media-types.md and of Docker's schema 2, and what they
// stand for.

#include <string_view>

namespace oci::spec {

namespace media_type {
inline constexpr std::string_view index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view empty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view layer_tar = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view layer_tar_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view layer_tar_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view docker_index = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view docker_layer_tar = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view docker_layer_gzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
}  // namespace media_type

/// What content of a media type is, whichever of the two families names it.
enum class MediaKind { index, manifest, config, layer, other };

/// The kind that a media type names. A parameter ("; charset=utf-8") does not count; letters are
/// compared without case (RFC 6838).
MediaKind media_kind(std::string_view media_type);

/// Whether the media type belongs to Docker's schema 2.
bool is_docker_media_type(std::string_view media_type);

/// Whether the text has the shape "type/subtype" of RFC 6838 section 4.2.
bool is_media_type(std::string_view text);

}  // namespace oci::spec
