#include "imagetool/transfer/convert_documents.hpp"

#include <array>
#include <string_view>

#include "base/text.hpp"
#include "imagetool/stream/hashing.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
namespace media_type = oci::spec::media_type;

struct TypePair {
    std::string_view oci;
    std::string_view docker;
};
constexpr std::array<TypePair, 7> pairs{{
    {media_type::index, media_type::docker_index},
    {media_type::manifest, media_type::docker_manifest},
    {media_type::config, media_type::docker_config},
    {media_type::layer_tar, media_type::docker_layer_tar},
    {media_type::layer_tar_gzip, media_type::docker_layer_gzip},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar",
     "application/vnd.docker.image.rootfs.foreign.diff.tar"},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
     "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
}};

/// The name of the other family; empty when there is none.
std::string converted_type(std::string_view type, ImageFormat format) {
    for (const TypePair& pair : pairs) {
        if (type != pair.oci && type != pair.docker) continue;
        return std::string(format == ImageFormat::oci ? pair.oci : pair.docker);
    }
    const bool docker_zstd = type == "application/vnd.docker.image.rootfs.diff.tar.zstd";
    if (format == ImageFormat::oci && docker_zstd) return std::string(media_type::layer_tar_zstd);
    const bool stays = format == ImageFormat::oci && !oci::spec::is_docker_media_type(type);
    return stays ? std::string(type) : std::string();
}

Result<void> convert_descriptor(oci::spec::Descriptor& descriptor, ImageFormat format, const char* what) {
    std::string type = converted_type(descriptor.media_type, format);
    if (type.empty()) {
        const char* const advice =
            descriptor.media_type == media_type::layer_tar_zstd ? ": give --compression gzip too" : "";
        return failure(ErrorCode::unsupported, std::string(what) + " of type " +
                                                   quote(descriptor.media_type) +
                                                   " cannot be in an image of the other format" + advice);
    }
    descriptor.media_type = std::move(type);
    return {};
}

template <class T>
Document document_of(const T& value) {
    Document document{.media_type = value.media_type, .digest = {}, .text = oci::spec::to_json(value)};
    Hasher hasher;
    hasher.update(bytes_of(document.text));
    document.digest = hasher.finish();
    return document;
}

}  // namespace

Result<oci::spec::Manifest> convert_manifest(oci::spec::Manifest manifest, ImageFormat format) {
    if (format == ImageFormat::as_it_is) return manifest;
    manifest.media_type = format == ImageFormat::oci ? media_type::manifest : media_type::docker_manifest;
    if (format == ImageFormat::docker) {
        if (!manifest.artifact_type.empty() || manifest.subject.has_value()) {
            return failure(ErrorCode::unsupported,
                           "an artifact, or a manifest with a subject, cannot be in Docker's format");
        }
        manifest.annotations.clear();
    }
    TRY(convert_descriptor(manifest.config, format, "a config"));
    for (oci::spec::Descriptor& layer : manifest.layers) {
        TRY(convert_descriptor(layer, format, "a layer"));
        if (format == ImageFormat::docker) layer.annotations.clear();
    }
    return manifest;
}

oci::spec::ImageIndex convert_index(oci::spec::ImageIndex index, ImageFormat format) {
    if (format == ImageFormat::as_it_is) return index;
    index.media_type = format == ImageFormat::oci ? media_type::index : media_type::docker_index;
    if (format == ImageFormat::docker) index.annotations.clear();
    return index;
}

Document to_document(const oci::spec::Manifest& manifest) {
    return document_of(manifest);
}

Document to_document(const oci::spec::ImageIndex& index) {
    return document_of(index);
}

}  // namespace ocimg
