#include "imagetool/transfer/archive_target.hpp"

#include "base/text.hpp"
#include "imagetool/archive/docker_archive.hpp"
#include "imagetool/store/image_place.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/layout.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

std::string hex_of(const std::string& digest) {
    return digest.substr(digest.find(':') + 1);
}

Result<void> add_blob(ArchiveWriter& archive, const std::string& member, const Descriptor& blob,
                      ImageSource& source, const ImageTarget::Arrived& arrived) {
    const std::unique_ptr<ByteSource> content = TRY(open_verified(source, blob));
    CountedSource counted(*content, arrived);
    return archive.add_file(member, static_cast<std::uint64_t>(blob.size), counted);
}

}  // namespace

Result<std::unique_ptr<ImageTarget>> OciArchiveTarget::create(const std::string& path, std::string tag) {
    if (!tag.empty()) TRY(check_new_tag(tag));
    auto archive = TRY(ArchiveWriter::create(path));
    const oci::spec::ImageLayout marker{.image_layout_version = oci::spec::layout_version};
    TRY(archive->add_text("oci-layout", oci::spec::to_json(marker)));
    TRY(archive->add_directory("blobs"));
    return std::unique_ptr<ImageTarget>(new OciArchiveTarget(std::move(archive), std::move(tag)));
}

Result<std::string> OciArchiveTarget::member_of(const std::string& digest) {
    const auto parsed = TRY(oci::spec::Digest::parse(digest));
    const std::string directory = "blobs/" + std::string(parsed.algorithm());
    if (algorithms_.insert(directory).second) TRY(archive_->add_directory(directory));
    return directory + "/" + std::string(parsed.encoded());
}

Result<void> OciArchiveTarget::write_blob(const Descriptor& blob, ImageSource& source,
                                          const Arrived& arrived) {
    TRY(add_blob(*archive_, TRY(member_of(blob.digest)), blob, source, arrived));
    written_.insert(blob.digest);
    return {};
}

Result<void> OciArchiveTarget::write_document(const Document& document) {
    if (!written_.insert(document.digest).second) return {};
    return archive_->add_text(TRY(member_of(document.digest)), document.text);
}

Result<void> OciArchiveTarget::write_root(const Document& document) {
    TRY(write_document(document));
    Descriptor entry;
    entry.media_type = document.media_type;
    entry.digest = document.digest;
    entry.size = static_cast<std::int64_t>(document.text.size());
    if (!tag_.empty()) entry.annotations[oci::spec::ref_name_annotation] = tag_;
    entries_.insert(entries_.begin(), entry);
    return {};
}

Result<void> OciArchiveTarget::write_referrer(const Document& document, const Descriptor& referrer) {
    TRY(write_document(document));
    entries_.push_back(referrer);
    return {};
}

Result<void> OciArchiveTarget::finish() {
    oci::spec::ImageIndex index;
    index.media_type = oci::spec::media_type::index;
    index.manifests = entries_;
    TRY(archive_->add_text("index.json", oci::spec::to_json(index)));
    return archive_->commit();
}

Result<std::unique_ptr<ImageTarget>> DockerArchiveTarget::create(const std::string& path, std::string tag) {
    // Before `new`: an early return out of its arguments would leak.
    auto archive = TRY(ArchiveWriter::create(path));
    return std::unique_ptr<ImageTarget>(new DockerArchiveTarget(std::move(archive), std::move(tag)));
}

Result<void> DockerArchiveTarget::write_blob(const Descriptor& blob, ImageSource& source,
                                             const Arrived& arrived) {
    const bool is_config = oci::spec::media_kind(blob.media_type) == MediaKind::config;
    TRY(add_blob(*archive_, hex_of(blob.digest) + (is_config ? ".json" : ".tar"), blob, source, arrived));
    written_.insert(blob.digest);
    return {};
}

Result<void> DockerArchiveTarget::write_document(const Document& /*document*/) {
    return failure(ErrorCode::unsupported, "a docker-archive holds one image: choose one with --platform");
}

Result<void> DockerArchiveTarget::write_root(const Document& document) {
    if (oci::spec::media_kind(document.media_type) != MediaKind::manifest) return write_document(document);
    const auto manifest =
        TRY(oci::spec::parse_manifest(document.text, "manifest " + document.digest, document.media_type));
    SavedImage image{.config = hex_of(manifest.config.digest) + ".json", .repo_tags = {}, .layers = {}};
    if (!tag_.empty()) image.repo_tags.push_back(familiar_name(tag_));
    for (const Descriptor& layer : manifest.layers) image.layers.push_back(hex_of(layer.digest) + ".tar");
    return archive_->add_text("manifest.json", saved_images_to_json({image}));
}

Result<void> DockerArchiveTarget::write_referrer(const Document& document, const Descriptor& /*referrer*/) {
    return write_document(document);
}

Result<void> DockerArchiveTarget::finish() {
    return archive_->commit();
}

}  // namespace ocimg
