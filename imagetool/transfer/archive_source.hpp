#pragma once
// Copying out of archives: oci-archive (a layout in a tar file) and docker-archive (docker save).

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "imagetool/archive/archive_file.hpp"
#include "imagetool/transfer/image_source.hpp"

namespace ocimg {

/// A layout inside a tar file.
class OciArchiveSource final : public ImageSource {
public:
    /// `tag`: empty: the only image. `digest`: empty: none asked for.
    static oci::Result<std::unique_ptr<ImageSource>> open(const std::string& path, std::string tag,
                                                          std::string digest);

    oci::Result<Document> root() override;
    oci::Result<Document> document(const oci::spec::Descriptor& descriptor) override;
    oci::Result<std::unique_ptr<ByteSource>> open_blob(const oci::spec::Descriptor& blob,
                                                       std::uint64_t offset) override;
    oci::Result<std::vector<oci::spec::Descriptor>> referrers(const std::string& digest) override;

private:
    OciArchiveSource(ArchiveFile archive, std::string tag, std::string digest)
        : archive_(std::move(archive)), tag_(std::move(tag)), digest_(std::move(digest)) {}
    [[nodiscard]] oci::Result<ArchiveMember> blob_member(const oci::spec::Descriptor& blob) const;

    ArchiveFile archive_;
    std::string tag_;
    std::string digest_;
};

/// The names of the images in a docker-archive, in its order.
oci::Result<std::vector<std::string>> list_saved_images(const std::string& path);

/// What docker save wrote: a manifest is made for it, of OCI's media types.
class DockerArchiveSource final : public ImageSource {
public:
    static oci::Result<std::unique_ptr<ImageSource>> open(const std::string& path, const std::string& tag);

    oci::Result<Document> root() override { return root_; }
    oci::Result<Document> document(const oci::spec::Descriptor& descriptor) override;
    oci::Result<std::unique_ptr<ByteSource>> open_blob(const oci::spec::Descriptor& blob,
                                                       std::uint64_t offset) override;
    oci::Result<std::vector<oci::spec::Descriptor>> referrers(const std::string& /*digest*/) override {
        return std::vector<oci::spec::Descriptor>();
    }

private:
    explicit DockerArchiveSource(ArchiveFile archive) : archive_(std::move(archive)) {}
    oci::Result<void> make_manifest(const std::string& tag);
    oci::Result<oci::spec::Descriptor> describe_member(const std::string& name);

    ArchiveFile archive_;
    Document root_;
    std::map<std::string, ArchiveMember> blobs_;  // by digest
};

}  // namespace ocimg
