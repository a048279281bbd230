#include "imagetool/change/copy_blobs.hpp"

#include <array>
#include <functional>

#include "base/interruption.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg {

namespace {

using oci::Fd;
using oci::Result;
using oci::spec::Descriptor;

Result<BlobWriter::Written> pass_on(ByteSource& source, const Layout& to) {
    BlobWriter blob = TRY(to.write_blob());
    std::array<std::byte, 65536> buffer{};
    while (const std::size_t count = TRY(source.read(buffer))) {
        TRY(oci::check_interruption());
        TRY(blob.write(std::span(buffer).first(count)));
    }
    return blob.commit();
}

Result<void> copy_blob(const Layout& from, const Layout& to, const Descriptor& blob, Progress* progress) {
    if (to.open_blob(blob)) return {};
    const Fd file = TRY(from.open_blob(blob));
    constexpr std::size_t shown = 12;
    const std::size_t colon = blob.digest.find(':');
    ProgressItem item;
    if (progress != nullptr)
        item = progress->start("blob " + blob.digest.substr(colon + 1, shown),
                               static_cast<std::uint64_t>(blob.size));
    const std::function<void(std::uint64_t)> on_read = [&](std::uint64_t bytes) { item.add(bytes); };
    CountedFile source(file, on_read);
    const auto verified =
        TRY(VerifyingSource::open(source, blob.digest, static_cast<std::uint64_t>(blob.size)));
    const BlobWriter::Written written = TRY(pass_on(*verified, to));
    item.finish();
    if (written.digest == blob.digest) return {};
    return oci::failure(oci::ErrorCode::unsupported,
                        "blob " + blob.digest + " is not named by sha256, which copies need");
}

}  // namespace

Result<void> copy_image_blobs(const Layout& from, const Layout& to, const FoundImage& image,
                              Progress* progress) {
    for (const Descriptor& layer : image.manifest.layers) TRY(copy_blob(from, to, layer, progress));
    TRY(copy_blob(from, to, image.manifest.config, progress));
    return copy_blob(from, to, image.descriptor, progress);
}

Result<Descriptor> store_file(const Layout& to, oci::BorrowedFd file, std::string_view media_type) {
    FileSource source(file);
    const BlobWriter::Written written = TRY(pass_on(source, to));
    Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = written.digest;
    descriptor.size = static_cast<std::int64_t>(written.size);
    return descriptor;
}

}  // namespace ocimg
