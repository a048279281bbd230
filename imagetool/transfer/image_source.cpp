#include "imagetool/transfer/image_source.hpp"

#include "imagetool/stream/hashing.hpp"

namespace ocimg {

namespace {

constexpr std::size_t copy_size = 256U << 10U;

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

oci::Result<void> ImageSource::fetch_blob(const oci::spec::Descriptor& blob, std::uint64_t offset,
                                          ByteSink& sink) {
    const std::unique_ptr<ByteSource> content = TRY(open_blob(blob, offset));
    std::vector<std::byte> buffer(copy_size);
    while (const std::size_t got = TRY(content->read(buffer))) TRY(sink.write(std::span(buffer).first(got)));
    return {};
}

oci::Result<std::unique_ptr<ByteSource>> open_verified(ImageSource& source,
                                                       const oci::spec::Descriptor& blob) {
    std::unique_ptr<ByteSource> content = TRY(source.open_blob(blob, 0));
    std::unique_ptr<VerifyingSource> verifying =
        TRY(VerifyingSource::open(*content, blob.digest, static_cast<std::uint64_t>(blob.size)));
    return std::unique_ptr<ByteSource>(
        std::make_unique<VerifiedBlob>(std::move(content), std::move(verifying)));
}

}  // namespace ocimg
