#pragma once
// Copying into archives: oci-archive (a layout in a tar file) and docker-archive (for docker load). Blobs
// come one after the other, so that the same image gives the same bytes.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "imagetool/archive/archive_writer.hpp"
#include "imagetool/transfer/image_target.hpp"

namespace ocimg {

class OciArchiveTarget final : public ImageTarget {
public:
    static oci::Result<std::unique_ptr<ImageTarget>> create(const std::string& path, std::string tag);

    [[nodiscard]] bool takes_in_order() const override { return true; }
    oci::Result<bool> has_blob(const oci::spec::Descriptor& blob) override {
        return written_.contains(blob.digest);
    }
    oci::Result<void> write_blob(const oci::spec::Descriptor& blob, ImageSource& source,
                                 const Arrived& arrived) override;
    oci::Result<void> write_document(const Document& document) override;
    oci::Result<void> write_root(const Document& document) override;
    oci::Result<void> write_referrer(const Document& document,
                                     const oci::spec::Descriptor& referrer) override;
    oci::Result<void> finish() override;

private:
    OciArchiveTarget(std::unique_ptr<ArchiveWriter> archive, std::string tag)
        : archive_(std::move(archive)), tag_(std::move(tag)) {}
    oci::Result<std::string> member_of(const std::string& digest);

    std::unique_ptr<ArchiveWriter> archive_;
    std::string tag_;
    std::set<std::string> written_;
    std::set<std::string> algorithms_;
    std::vector<oci::spec::Descriptor> entries_;
};

/// Takes one image with uncompressed layers, each named after its diff id.
class DockerArchiveTarget final : public ImageTarget {
public:
    static oci::Result<std::unique_ptr<ImageTarget>> create(const std::string& path, std::string tag);

    [[nodiscard]] bool takes_in_order() const override { return true; }
    oci::Result<bool> has_blob(const oci::spec::Descriptor& blob) override {
        return written_.contains(blob.digest);
    }
    oci::Result<void> write_blob(const oci::spec::Descriptor& blob, ImageSource& source,
                                 const Arrived& arrived) override;
    oci::Result<void> write_document(const Document& document) override;
    oci::Result<void> write_root(const Document& document) override;
    oci::Result<void> write_referrer(const Document& document,
                                     const oci::spec::Descriptor& referrer) override;
    oci::Result<void> finish() override;

private:
    DockerArchiveTarget(std::unique_ptr<ArchiveWriter> archive, std::string tag)
        : archive_(std::move(archive)), tag_(std::move(tag)) {}

    std::unique_ptr<ArchiveWriter> archive_;
    std::string tag_;
    std::set<std::string> written_;
};

}  // namespace ocimg
