#pragma once
// One repository of a registry, by the verbs of distribution-spec: manifests, blobs, tags, referrers.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/remote/registry_session.hpp"
#include "imagetool/stream/byte_stream.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/index.hpp"

namespace ocimg {

/// The most bytes of a manifest or an index.
inline constexpr std::uint64_t manifest_limit = std::uint64_t{4} << 20U;

/// A manifest or index as the registry gave it, byte by byte.
struct RemoteManifest {
    std::string media_type;
    std::string digest;  // computed from the text
    std::string text;
};

/// Opens a blob's content from its start; called again when an upload must be repeated.
using BlobOpener = std::function<oci::Result<std::unique_ptr<ByteSource>>()>;

/// How blobs go up.
struct UploadOptions {
    std::uint64_t chunk_size = 0;  // 0: in one piece
    std::string mount_from;        // repository of the same registry that may have it; empty: none
};

class RegistryClient {
public:
    /// `writes`: tokens are asked for pushing too.
    RegistryClient(std::shared_ptr<RegistrySession> session, std::string repository, bool writes);

    /// A manifest by tag or digest. By digest, the text is checked against it; so is a Docker-Content-Digest.
    [[nodiscard]] oci::Result<RemoteManifest> manifest(const std::string& tag_or_digest) const;
    /// Digest, size and media type of a manifest, as the registry says; nothing when it has none.
    [[nodiscard]] oci::Result<std::optional<oci::spec::Descriptor>> find_manifest(
        const std::string& tag_or_digest) const;
    /// Stores a manifest under a tag or its digest. True: the registry has taken note of its subject.
    [[nodiscard]] oci::Result<bool> put_manifest(const std::string& tag_or_digest,
                                                 const std::string& media_type,
                                                 const std::string& text) const;
    /// Deletes a tag or a manifest.
    [[nodiscard]] oci::Result<void> remove_manifest(const std::string& tag_or_digest) const;

    [[nodiscard]] oci::Result<bool> has_blob(const std::string& digest) const;
    /// Writes a blob from `offset` on into `sink`. Its digest is the sink's business.
    [[nodiscard]] oci::Result<void> fetch_blob(const oci::spec::Descriptor& blob, std::uint64_t offset,
                                               ByteSink& sink) const;
    /// Asks for a blob of another repository of this registry. False: it must be uploaded.
    [[nodiscard]] oci::Result<bool> mount_blob(const std::string& digest, const std::string& from) const;
    /// Uploads a blob that the registry lacks; what `open` gives must have the descriptor's size and digest.
    [[nodiscard]] oci::Result<void> upload_blob(const oci::spec::Descriptor& blob, const BlobOpener& open,
                                                const UploadOptions& options) const;

    [[nodiscard]] oci::Result<std::vector<std::string>> tags() const;
    /// The descriptors of the manifests that have `digest` as their subject: from the referrers API, or,
    /// where the registry has none, from the tag of the referrers tag schema.
    [[nodiscard]] oci::Result<std::vector<oci::spec::Descriptor>> referrers(const std::string& digest) const;
    /// Adds a manifest to the list under its subject's referrers tag, or takes it out (registries without
    /// API).
    [[nodiscard]] oci::Result<void> add_referrer(const std::string& subject,
                                                 const oci::spec::Descriptor& referrer) const;
    [[nodiscard]] oci::Result<void> remove_referrer(const std::string& subject,
                                                    const std::string& digest) const;
    /// Whether the registry has the referrers API.
    [[nodiscard]] oci::Result<bool> has_referrers_api(const std::string& digest) const;

    [[nodiscard]] const std::string& repository() const { return repository_; }
    [[nodiscard]] const RegistrySession& session() const { return *session_; }

private:
    friend class BlobUpload;
    [[nodiscard]] RegistryRequest request(const char* method, const std::string& below) const;
    [[nodiscard]] std::string context(const std::string& what) const;
    [[nodiscard]] oci::Result<std::optional<oci::spec::ImageIndex>> referrers_tag(
        const std::string& subject) const;
    [[nodiscard]] oci::Result<void> replace_referrers_tag(const std::string& subject,
                                                          const oci::spec::ImageIndex& index) const;

    std::shared_ptr<RegistrySession> session_;
    std::string repository_;
    std::string scope_;
};

/// The tag under which the referrers of a digest are listed (distribution-spec "Referrers Tag Schema").
std::string referrers_tag_of(const std::string& digest);

/// The target of the next page in a Link header; nothing on the last page.
std::optional<std::string> next_page(const HttpResponse& response);

}  // namespace ocimg
