#pragma once
// Where an image is copied to: a layout, an archive or a registry, all alike.

#include <functional>
#include <string>

#include "base/result.hpp"
#include "imagetool/transfer/image_source.hpp"
#include "spec/image/descriptor.hpp"

namespace ocimg {

class ImageTarget {
public:
    ImageTarget() = default;
    virtual ~ImageTarget() = default;
    ImageTarget(const ImageTarget&) = delete;
    ImageTarget& operator=(const ImageTarget&) = delete;

    /// Whether blobs must come one after the other, in order.
    [[nodiscard]] virtual bool takes_in_order() const { return false; }
    /// Whether the name names this document already.
    virtual oci::Result<bool> has_root(const Document& /*document*/) { return false; }
    /// Whether the blob is there already. From any thread, as the next two.
    virtual oci::Result<bool> has_blob(const oci::spec::Descriptor& blob) = 0;
    /// Takes the blob from `from` without a transfer. False: write_blob is needed.
    virtual oci::Result<bool> borrow_blob(const oci::spec::Descriptor& /*blob*/,
                                          const RepositoryPlace& /*from*/) {
        return false;
    }
    /// Fetches the blob from `source`; size and digest are checked. `done` is told how much was there already
    /// (once, first), then of every piece.
    using Arrived = std::function<void(std::uint64_t bytes)>;
    virtual oci::Result<void> write_blob(const oci::spec::Descriptor& blob, ImageSource& source,
                                         const Arrived& arrived) = 0;

    /// Stores a manifest or an index that a later document names, or that is a referrer.
    virtual oci::Result<void> write_document(const Document& document) = 0;
    /// Stores the document that the name is to name, last of all.
    virtual oci::Result<void> write_root(const Document& document) = 0;
    /// Records that a document (written before) has this subject.
    virtual oci::Result<void> write_referrer(const Document& document,
                                             const oci::spec::Descriptor& referrer) = 0;
    /// Makes it last. Without it nothing counts as done.
    virtual oci::Result<void> finish() = 0;
};

/// A source that tells of the bytes that pass.
class CountedSource final : public ByteSource {
public:
    CountedSource(ByteSource& source, const ImageTarget::Arrived& arrived)
        : source_(source), arrived_(arrived) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        auto got = source_.read(buffer);
        if (got && *got > 0) arrived_(*got);
        return got;
    }

private:
    ByteSource& source_;
    const ImageTarget::Arrived& arrived_;
};

}  // namespace ocimg
