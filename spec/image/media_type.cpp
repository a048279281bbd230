#include "spec/image/media_type.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"

namespace oci::spec {

namespace {

struct KnownType {
    std::string_view name;
    MediaKind kind;
};

constexpr std::array<KnownType, 17> known_types{{
    {media_type::index, MediaKind::index},
    {media_type::docker_index, MediaKind::index},
    {media_type::manifest, MediaKind::manifest},
    {media_type::docker_manifest, MediaKind::manifest},
    {media_type::config, MediaKind::config},
    {media_type::docker_config, MediaKind::config},
    {media_type::layer_tar, MediaKind::layer},
    {media_type::layer_tar_gzip, MediaKind::layer},
    {media_type::layer_tar_zstd, MediaKind::layer},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", MediaKind::layer},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MediaKind::layer},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MediaKind::layer},
    {media_type::docker_layer_tar, MediaKind::layer},
    {media_type::docker_layer_gzip, MediaKind::layer},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", MediaKind::layer},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar", MediaKind::layer},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MediaKind::layer},
}};

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// restricted-name of RFC 6838.
bool is_restricted_name(std::string_view text) {
    if (text.empty() || text.size() > 127 || !is_letter_or_digit(text[0])) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
    });
}

std::string without_parameters(std::string_view media_type) {
    return to_lower(trim(media_type.substr(0, media_type.find(';'))));
}

}  // namespace

MediaKind media_kind(std::string_view media_type) {
    const std::string name = without_parameters(media_type);
    for (const KnownType& known : known_types) {
        if (known.name == name) return known.kind;
    }
    return MediaKind::other;
}

bool is_docker_media_type(std::string_view media_type) {
    return without_parameters(media_type).starts_with("application/vnd.docker.");
}

bool is_media_type(std::string_view text) {
    const std::string_view name = trim(text.substr(0, text.find(';')));
    const std::size_t slash = name.find('/');
    return slash != std::string_view::npos && is_restricted_name(name.substr(0, slash)) &&
           is_restricted_name(name.substr(slash + 1));
}

}  // namespace oci::spec
