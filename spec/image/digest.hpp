#pragma once
// Digests of content, "algorithm:encoded", as image-spec descriptor.md "Digests" defines them.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace oci::spec {

/// A well-formed digest. Equal digests have equal text.
class Digest {
public:
    /// Reads a digest by the grammar of the spec. For sha256, sha512 and blake3 the encoded part must
    /// be lower-case hex of the right length; other algorithms are taken as they are.
    static Result<Digest> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string_view algorithm() const { return std::string_view(text_).substr(0, colon_); }
    [[nodiscard]] std::string_view encoded() const { return std::string_view(text_).substr(colon_ + 1); }
    /// Whether content can be checked against it here: sha256 or sha512.
    [[nodiscard]] bool can_be_verified() const { return algorithm() == "sha256" || algorithm() == "sha512"; }

    bool operator==(const Digest& other) const { return text_ == other.text_; }
    auto operator<=>(const Digest& other) const { return text_ <=> other.text_; }

private:
    Digest(std::string text, std::size_t colon) : text_(std::move(text)), colon_(colon) {}

    std::string text_;
    std::size_t colon_;
};

}  // namespace oci::spec
