#include "imagetool/transfer/image_source.hpp"

#include "imagetool/stream/hashing.hpp"

namespace ocimg {

namespace {

/// Owns what it verifies.
class VerifiedBlob final : public ByteSource {
public:
    VerifiedBlob(std::unique_ptr<ByteSource> content, std::unique_ptr<VerifyingSource> verifying)
        : content_(std::move(content)), verifying_(std::move(verifying)) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return verifying_->read(buffer); }

private:
    std::unique_ptr<ByteSource> content_;
    std::unique_ptr<VerifyingSource> verifying_;
};

}  // namespace

oci::Result<std::unique_ptr<ByteSource>> open_verified(ImageSource& source,
                                                       const oci::spec::Descriptor& blob) {
    std::unique_ptr<ByteSource> content = TRY(source.open_blob(blob, 0));
    std::unique_ptr<VerifyingSource> verifying =
        TRY(VerifyingSource::open(*content, blob.digest, static_cast<std::uint64_t>(blob.size)));
    return std::unique_ptr<ByteSource>(
        std::make_unique<VerifiedBlob>(std::move(content), std::move(verifying)));
}

}  // namespace ocimg
