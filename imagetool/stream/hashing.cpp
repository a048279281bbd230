#include "imagetool/stream/hashing.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"

namespace ocimg {

oci::Result<HashAlgorithm> algorithm_of(std::string_view digest) {
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    const auto matches = [&](std::string_view prefix, std::size_t length) {
        return digest.size() == prefix.size() + length && digest.substr(0, prefix.size()) == prefix &&
               std::all_of(digest.begin() + static_cast<std::ptrdiff_t>(prefix.size()), digest.end(), is_hex);
    };
    if (matches("sha256:", 64)) return HashAlgorithm::sha256;
    if (matches("sha512:", 128)) return HashAlgorithm::sha512;
    return oci::failure(oci::ErrorCode::invalid, "digest " + oci::quote(digest) +
                                                     " is neither sha256: with 64 nor sha512: with 128 "
                                                     "lower-case hexadecimal digits");
}

struct Hasher::State {
    EVP_MD_CTX* context = nullptr;
    HashAlgorithm algorithm = HashAlgorithm::sha256;

    State() = default;
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

Hasher::Hasher(HashAlgorithm algorithm) : state_(std::make_unique<State>()) {
    state_->algorithm = algorithm;
    state_->context = EVP_MD_CTX_new();
    const EVP_MD* kind = algorithm == HashAlgorithm::sha256 ? EVP_sha256() : EVP_sha512();
    // Fails only without memory or without a usable libcrypto: nothing could be verified then.
    if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, kind, nullptr) != 1) std::abort();
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> data) {
    if (EVP_DigestUpdate(state_->context, data.data(), data.size()) != 1) std::abort();
}

std::string Hasher::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(state_->context, bytes.data(), &length) != 1) std::abort();
    std::string text = state_->algorithm == HashAlgorithm::sha256 ? "sha256:" : "sha512:";
    constexpr std::string_view digits = "0123456789abcdef";
    for (unsigned int i = 0; i < length && i < bytes.size(); ++i) {
        text += digits[bytes[i] >> 4U];
        text += digits[bytes[i] & 15U];
    }
    return text;
}

oci::Result<std::size_t> HashingSource::read(std::span<std::byte> buffer) {
    const std::size_t count = TRY(source_.read(buffer));
    hasher_.update(buffer.first(count));
    size_ += count;
    return count;
}

oci::Result<void> HashingSink::write(std::span<const std::byte> data) {
    hasher_.update(data);
    size_ += data.size();
    return sink_.write(data);
}

oci::Result<std::unique_ptr<VerifyingSource>> VerifyingSource::open(ByteSource& source, std::string digest,
                                                                    std::uint64_t size) {
    const HashAlgorithm algorithm = TRY(algorithm_of(digest));
    return std::unique_ptr<VerifyingSource>(new VerifyingSource(source, algorithm, std::move(digest), size));
}

oci::Result<std::size_t> VerifyingSource::read(std::span<std::byte> buffer) {
    if (refusal_.has_value()) return *refusal_;
    if (verified_) return std::size_t{0};
    const std::size_t count = TRY(source_.read(buffer));
    if (count > 0 && source_.size() <= expected_size_) return count;
    const oci::Result<void> verdict = check_end();
    if (!verdict.has_value()) {
        refusal_ = verdict.error();
        return *refusal_;
    }
    verified_ = true;
    return std::size_t{0};
}

oci::Result<void> VerifyingSource::check_end() {
    const std::string blob = "blob " + digest_;
    const std::string expected = std::to_string(expected_size_) + " bytes of its descriptor";
    if (source_.size() > expected_size_) {
        return oci::failure(oci::ErrorCode::invalid, blob + " is longer than the " + expected);
    }
    if (source_.size() < expected_size_) {
        return oci::failure(oci::ErrorCode::invalid,
                            blob + " has only " + std::to_string(source_.size()) + " of the " + expected);
    }
    const std::string found = source_.finish();
    if (found == digest_) return {};
    return oci::failure(oci::ErrorCode::invalid, blob + " is damaged: its content has the digest " + found);
}

oci::Result<void> VerifyingSource::verify_rest() {
    std::vector<std::byte> buffer(256U << 10U);
    while (TRY(read(buffer)) > 0) {
    }
    return {};
}

}  // namespace ocimg
