#pragma once
// Where an image is copied from: a layout, an archive or a registry, all alike.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"
#include "spec/image/descriptor.hpp"

namespace ocimg {

/// A manifest or an index, byte by byte.
struct Document {
    std::string media_type;
    std::string digest;
    std::string text;
};

/// A repository of a registry, for blobs that need not travel.
struct RepositoryPlace {
    std::string origin;  // "https://host:port"; empty: the source is no registry
    std::string repository;
};

class ImageSource {
public:
    ImageSource() = default;
    virtual ~ImageSource() = default;
    ImageSource(const ImageSource&) = delete;
    ImageSource& operator=(const ImageSource&) = delete;

    /// What the name names: a manifest or an index.
    virtual oci::Result<Document> root() = 0;
    /// A manifest or an index by its descriptor; size and digest are checked.
    virtual oci::Result<Document> document(const oci::spec::Descriptor& descriptor) = 0;
    /// A blob's bytes from `offset` on. From any thread. Whoever reads it checks the digest.
    virtual oci::Result<std::unique_ptr<ByteSource>> open_blob(const oci::spec::Descriptor& blob,
                                                               std::uint64_t offset) = 0;
    /// The same, written into `sink` as it comes.
    virtual oci::Result<void> fetch_blob(const oci::spec::Descriptor& blob, std::uint64_t offset,
                                         ByteSink& sink);
    /// Told that what came of a blob had another digest. True: another place is asked for it from now on.
    virtual bool distrust(const oci::spec::Descriptor& /*blob*/) { return false; }
    /// Descriptors of the manifests whose subject has this digest.
    virtual oci::Result<std::vector<oci::spec::Descriptor>> referrers(const std::string& digest) = 0;
    [[nodiscard]] virtual RepositoryPlace repository() const { return {}; }
};

/// A whole blob that says at its end whether size and digest are right.
oci::Result<std::unique_ptr<ByteSource>> open_verified(ImageSource& source,
                                                       const oci::spec::Descriptor& blob);

}  // namespace ocimg
