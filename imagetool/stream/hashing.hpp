#pragma once
// SHA-256 and SHA-512 digests of streams, and the source that checks a blob while it is read.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

enum class HashAlgorithm { sha256, sha512 };

/// The algorithm of a well-formed digest: "sha256:" and 64, or "sha512:" and 128, lower-case hex digits
/// (image-spec descriptor.md "Digests"). Anything else is an error.
oci::Result<HashAlgorithm> algorithm_of(std::string_view digest);

/// Computes one digest.
class Hasher {
public:
    explicit Hasher(HashAlgorithm algorithm = HashAlgorithm::sha256);
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;

    void update(std::span<const std::byte> data);
    /// The digest of everything given so far, "sha256:...". Ends the computation.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Counts and hashes the bytes that pass from a source.
class HashingSource final : public ByteSource {
public:
    HashingSource(ByteSource& source, HashAlgorithm algorithm) : source_(source), hasher_(algorithm) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override;
    [[nodiscard]] std::uint64_t size() const { return size_; }
    std::string finish() { return hasher_.finish(); }

private:
    ByteSource& source_;
    Hasher hasher_;
    std::uint64_t size_ = 0;
};

/// Counts and hashes the bytes that pass into a sink.
class HashingSink final : public ByteSink {
public:
    explicit HashingSink(ByteSink& sink, HashAlgorithm algorithm = HashAlgorithm::sha256)
        : sink_(sink), hasher_(algorithm) {}
    oci::Result<void> write(std::span<const std::byte> data) override;
    [[nodiscard]] std::uint64_t size() const { return size_; }
    std::string finish() { return hasher_.finish(); }

private:
    ByteSink& sink_;
    Hasher hasher_;
    std::uint64_t size_ = 0;
};

/// Passes on a blob and refuses to report its end unless size and digest are the expected ones. More
/// bytes than expected are an error as soon as they are seen.
class VerifyingSource final : public ByteSource {
public:
    /// An ill-formed digest is an error.
    static oci::Result<std::unique_ptr<VerifyingSource>> open(ByteSource& source, std::string digest,
                                                              std::uint64_t size);
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override;
    /// Reads what is left, to the verdict. May be called after any error but that of the source itself.
    oci::Result<void> verify_rest();

private:
    oci::Result<void> check_end();
    VerifyingSource(ByteSource& source, HashAlgorithm algorithm, std::string digest, std::uint64_t size)
        : source_(source, algorithm), digest_(std::move(digest)), expected_size_(size) {}

    HashingSource source_;
    std::string digest_;
    std::uint64_t expected_size_;
    bool verified_ = false;
    std::optional<oci::Error> refusal_;  // given again on every later read
};

}  // namespace ocimg
