#pragma once
// Copying from and to a repository of a registry.

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "imagetool/remote/registry_client.hpp"
#include "imagetool/transfer/image_source.hpp"
#include "imagetool/transfer/image_target.hpp"

namespace ocimg {

class RegistrySource final : public ImageSource {
public:
    /// `clients`: mirrors in the order to try, the registry itself last. `name`: tag or digest.
    RegistrySource(std::vector<RegistryClient> clients, std::string name)
        : clients_(std::move(clients)), name_(std::move(name)) {}

    oci::Result<Document> root() override;
    oci::Result<Document> document(const oci::spec::Descriptor& descriptor) override;
    oci::Result<std::unique_ptr<ByteSource>> open_blob(const oci::spec::Descriptor& blob,
                                                       std::uint64_t offset) override;
    /// From the place that had the image; what that lacks, or breaks off, comes from the next ones.
    oci::Result<void> fetch_blob(const oci::spec::Descriptor& blob, std::uint64_t offset,
                                 ByteSink& sink) override;
    bool distrust(const oci::spec::Descriptor& blob) override;
    oci::Result<std::vector<oci::spec::Descriptor>> referrers(const std::string& digest) override;
    [[nodiscard]] RepositoryPlace repository() const override;

private:
    oci::Result<Document> fetch(std::size_t place, const std::string& name);
    std::size_t first_place_for(const std::string& digest);

    std::vector<RegistryClient> clients_;
    std::size_t answering_ = 0;  // the one that had the image; blobs come from there
    std::string name_;
    std::mutex mutex_;
    std::map<std::string, std::size_t> distrusted_;  // by digest: the place after the last one that lied
};

/// Digests of blobs that a repository is known to have.
class KnownBlobs {
public:
    void add(const std::string& digest) {
        const std::lock_guard lock(mutex_);
        digests_.insert(digest);
    }
    [[nodiscard]] bool has(const std::string& digest) {
        const std::lock_guard lock(mutex_);
        return digests_.contains(digest);
    }

private:
    std::mutex mutex_;
    std::set<std::string> digests_;
};

class RegistryTarget final : public ImageTarget {
public:
    /// `name`: the tag; empty: the image is pushed under its digest alone.
    /// `known`: shared by the targets of one repository, so that a blob is asked for once.
    RegistryTarget(RegistryClient client, std::string name, UploadOptions options,
                   std::shared_ptr<KnownBlobs> known = std::make_shared<KnownBlobs>())
        : client_(std::move(client)),
          name_(std::move(name)),
          options_(std::move(options)),
          known_(std::move(known)) {}

    oci::Result<bool> has_root(const Document& document) override;
    oci::Result<bool> has_blob(const oci::spec::Descriptor& blob) override;
    oci::Result<bool> borrow_blob(const oci::spec::Descriptor& blob, const RepositoryPlace& from) override;
    oci::Result<void> write_blob(const oci::spec::Descriptor& blob, ImageSource& source,
                                 const Arrived& arrived) override;
    oci::Result<void> write_document(const Document& document) override;
    oci::Result<void> write_root(const Document& document) override;
    oci::Result<void> write_referrer(const Document& document,
                                     const oci::spec::Descriptor& referrer) override;
    oci::Result<void> finish() override { return {}; }

private:
    oci::Result<void> put(const std::string& name, const Document& document);

    RegistryClient client_;
    std::string name_;
    UploadOptions options_;
    std::shared_ptr<KnownBlobs> known_;
};

/// The descriptor by which a manifest is listed among the referrers of its subject: its artifact type (else
/// the config's media type) and its annotations (distribution-spec "Pushing Manifests with Subject").
oci::Result<oci::spec::Descriptor> referrer_descriptor(const Document& document);

/// The digest of a document's subject; empty when it has none.
std::string subject_of(const Document& document);

}  // namespace ocimg
