#pragma once
// Names of images in registries: "registry/name:tag@digest" with Docker's short forms.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "spec/image/digest.hpp"

namespace oci::spec {

/// A full reference. "busybox" is docker.io, library/busybox, without tag and digest.
struct Reference {
    std::string registry;    // host[:port]
    std::string repository;  // path components joined with '/'
    std::string tag;         // empty: none given
    std::optional<Digest> digest;

    /// The tag, or "latest" when neither tag nor digest is given; empty when only the digest counts.
    [[nodiscard]] std::string tag_or_default() const;
    /// The full text: "docker.io/library/busybox:1.36".
    [[nodiscard]] std::string text() const;
};

/// Reads a reference. The first component is a registry when it holds '.', ':' or an upper-case letter,
/// or is "localhost"; otherwise the registry is docker.io, where one-component names are in "library/".
/// Errors say which part breaks which rule (distribution-spec "Pulling manifests").
Result<Reference> parse_reference(std::string_view text);

/// Whether the text may be a tag: a letter, digit or '_', then up to 127 of these, '.' and '-'.
bool is_tag(std::string_view text);

/// Whether the text may be an org.opencontainers.image.ref.name, by the grammar of annotations.md.
bool is_ref_name(std::string_view text);

}  // namespace oci::spec
