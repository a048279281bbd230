#pragma once
// A blob that arrives in pieces, over several runs: kept beside the layout's blobs under its digest until it
// is whole, and verified before it gets its place.

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/stream/following_hasher.hpp"
#include "spec/image/digest.hpp"

namespace ocimg {

/// The directory of a layout that holds unfinished blobs. Other tools ignore it (image-layout.md: additional
/// files are allowed).
inline constexpr const char* partial_directory = ".ocimg-partial";

/// Held by one process (flock): a second one waits for the first and then finds the blob in place. Dropped,
/// or killed, what was written stays for the next run.
class PartialBlob final : public ByteSink {
public:
    /// `layout` is the directory of a layout. What an earlier run left is hashed again, never believed.
    static oci::Result<PartialBlob> open(oci::BorrowedFd layout, const oci::spec::Digest& digest,
                                         std::uint64_t size);
    ~PartialBlob() override;
    PartialBlob(PartialBlob&& other) noexcept;
    PartialBlob& operator=(PartialBlob&&) = delete;
    PartialBlob(const PartialBlob&) = delete;
    PartialBlob& operator=(const PartialBlob&) = delete;

    /// How many bytes are there.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    oci::Result<void> write(std::span<const std::byte> data) override;
    /// Throws away what is there and begins again.
    oci::Result<void> restart();
    /// Whether size and digest are those of the blob; if not, what was written is thrown away.
    oci::Result<bool> is_whole();
    /// Syncs the content and moves it to its place. Only after is_whole().
    oci::Result<void> commit();

private:
    PartialBlob(oci::Fd layout, oci::Fd file, oci::spec::Digest digest, HashAlgorithm algorithm)
        : layout_(std::move(layout)),
          file_(std::move(file)),
          digest_(std::move(digest)),
          algorithm_(algorithm),
          hasher_(std::make_unique<FollowingHasher>(file_, algorithm)) {}
    oci::Result<void> take_what_is_there(std::uint64_t most);
    [[nodiscard]] std::string path() const;

    oci::Fd layout_;
    oci::Fd file_;
    oci::spec::Digest digest_;
    HashAlgorithm algorithm_;
    std::unique_ptr<FollowingHasher> hasher_;
    std::uint64_t size_ = 0;
};

}  // namespace ocimg
