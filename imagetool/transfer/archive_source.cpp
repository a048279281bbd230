#include "imagetool/transfer/archive_source.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "imagetool/archive/docker_archive.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/transfer/convert_documents.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

constexpr std::size_t reading_size = 256U << 10U;

/// The content of a document that a descriptor names, checked against it.
Result<Document> checked(std::string text, const Descriptor& descriptor) {
    MemorySource source(text);
    const auto verifying =
        TRY(VerifyingSource::open(source, descriptor.digest, static_cast<std::uint64_t>(descriptor.size)));
    TRY(verifying->verify_rest().in("document " + descriptor.digest));
    return Document{
        .media_type = descriptor.media_type, .digest = descriptor.digest, .text = std::move(text)};
}

}  // namespace

Result<std::unique_ptr<ImageSource>> OciArchiveSource::open(const std::string& path, std::string tag,
                                                            std::string digest) {
    ArchiveFile archive = TRY(ArchiveFile::open(path));
    const std::string marker = TRY(archive.read("oci-layout").in("not an OCI layout"));
    TRY(oci::spec::parse_layout(marker, path + ":oci-layout"));
    return std::unique_ptr<ImageSource>(
        new OciArchiveSource(std::move(archive), std::move(tag), std::move(digest)));
}

Result<Document> OciArchiveSource::root() {
    const std::string where = "archive " + quote(archive_.path());
    const auto index =
        TRY(oci::spec::parse_index(TRY(archive_.read("index.json")), archive_.path() + ":index.json"));
    std::vector<Descriptor> found;
    for (const Descriptor& entry : index.manifests) {
        const bool wanted =
            (tag_.empty() || tag_of(entry) == tag_) && (digest_.empty() || entry.digest == digest_);
        if (wanted) found.push_back(entry);
    }
    if (found.size() == 1) return document(found.front());
    return failure(found.empty() ? ErrorCode::not_found : ErrorCode::invalid,
                   where + " has " + (found.empty() ? "no such image" : "several images that fit") +
                       "; its tags: " + oci::join(tags_of(index), ", "));
}

Result<ArchiveMember> OciArchiveSource::blob_member(const Descriptor& blob) const {
    const auto digest = TRY(oci::spec::Digest::parse(blob.digest));
    const ArchiveMember member =
        TRY(archive_.find("blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.encoded())));
    if (static_cast<std::int64_t>(member.size) != blob.size) {
        return failure(ErrorCode::invalid, "blob " + blob.digest + " has " + std::to_string(member.size) +
                                               " bytes, its descriptor says " + std::to_string(blob.size));
    }
    return member;
}

Result<Document> OciArchiveSource::document(const Descriptor& descriptor) {
    const auto digest = TRY(oci::spec::Digest::parse(descriptor.digest));
    return checked(
        TRY(archive_.read("blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.encoded()))),
        descriptor);
}

Result<std::unique_ptr<ByteSource>> OciArchiveSource::open_blob(const Descriptor& blob,
                                                                std::uint64_t offset) {
    return archive_.open_member(TRY(blob_member(blob)), offset);
}

Result<std::vector<Descriptor>> OciArchiveSource::referrers(const std::string& digest) {
    std::vector<Descriptor> found;
    const auto index =
        TRY(oci::spec::parse_index(TRY(archive_.read("index.json")), archive_.path() + ":index.json"));
    for (const Descriptor& entry : index.manifests) {
        if (oci::spec::media_kind(entry.media_type) != oci::spec::MediaKind::manifest) continue;
        const Document read = TRY(document(entry));
        const auto manifest =
            TRY(oci::spec::parse_manifest(read.text, "manifest " + entry.digest, entry.media_type));
        if (manifest.subject.has_value() && manifest.subject->digest == digest) found.push_back(entry);
    }
    return found;
}

Result<std::unique_ptr<ImageSource>> DockerArchiveSource::open(const std::string& path,
                                                               const std::string& tag) {
    // Before `new`: an early return out of its arguments would leak.
    auto archive = TRY(ArchiveFile::open(path));
    auto source = std::unique_ptr<DockerArchiveSource>(new DockerArchiveSource(std::move(archive)));
    TRY(source->make_manifest(tag).in("archive " + quote(path)));
    return std::unique_ptr<ImageSource>(std::move(source));
}

Result<std::vector<std::string>> list_saved_images(const std::string& path) {
    const std::string context = "archive " + quote(path);
    const ArchiveFile archive = TRY(ArchiveFile::open(path));
    const std::string text = TRY(archive.read("manifest.json").in(context));
    std::vector<std::string> names;
    for (const SavedImage& image : TRY(parse_saved_images(text, "manifest.json").in(context))) {
        names.insert(names.end(), image.repo_tags.begin(), image.repo_tags.end());
    }
    return names;
}

Result<Descriptor> DockerArchiveSource::describe_member(const std::string& name) {
    const ArchiveMember member = TRY(archive_.find(name));
    const std::unique_ptr<ByteSource> content = archive_.open_member(member, 0);
    Hasher hasher;
    std::vector<std::byte> buffer(reading_size);
    std::array<std::byte, 4> magic{};
    bool first = true;
    while (const std::size_t got = TRY(read_fully(*content, buffer))) {
        if (first) std::copy_n(buffer.begin(), std::min(got, magic.size()), magic.begin());
        first = false;
        hasher.update(std::span(buffer).first(got));
    }
    Descriptor descriptor;
    descriptor.media_type = layer_media_type(compression_of_magic(magic));
    descriptor.digest = hasher.finish();
    descriptor.size = static_cast<std::int64_t>(member.size);
    blobs_[descriptor.digest] = member;
    return descriptor;
}

Result<void> DockerArchiveSource::make_manifest(const std::string& tag) {
    const auto images = TRY(parse_saved_images(TRY(archive_.read("manifest.json")), "manifest.json"));
    const SavedImage image = TRY(choose_saved_image(images, tag));
    const auto config = TRY(oci::spec::parse_image_config(TRY(archive_.read(image.config)), image.config));
    if (config.rootfs.diff_ids.size() != image.layers.size()) {
        return failure(ErrorCode::invalid,
                       "manifest.json has " + oci::count_of(image.layers.size(), "layer") +
                           ", the config has " + oci::count_of(config.rootfs.diff_ids.size(), "diff id"));
    }
    oci::spec::Manifest manifest;
    manifest.media_type = oci::spec::media_type::manifest;
    manifest.config = TRY(describe_member(image.config));
    manifest.config.media_type = oci::spec::media_type::config;
    for (const std::string& layer : image.layers) manifest.layers.push_back(TRY(describe_member(layer)));
    root_ = to_document(manifest);
    return {};
}

Result<Document> DockerArchiveSource::document(const Descriptor& descriptor) {
    if (descriptor.digest == root_.digest) return root_;
    return failure(ErrorCode::not_found, "the archive has no document " + descriptor.digest);
}

Result<std::unique_ptr<ByteSource>> DockerArchiveSource::open_blob(const Descriptor& blob,
                                                                   std::uint64_t offset) {
    const auto found = blobs_.find(blob.digest);
    if (found == blobs_.end()) return failure(ErrorCode::not_found, "the archive has no blob " + blob.digest);
    return archive_.open_member(found->second, offset);
}

}  // namespace ocimg
