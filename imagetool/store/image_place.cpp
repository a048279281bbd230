#include "imagetool/store/image_place.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

/// The letters before a place of each kind, and what follows them.
struct Transport {
    std::string_view start;
    PlaceKind kind;
    const char* form;
};
constexpr std::array<Transport, 4> transports{{
    {"oci:", PlaceKind::layout, "oci:DIRECTORY[:TAG][@DIGEST]"},
    {"oci-archive:", PlaceKind::oci_archive, "oci-archive:FILE[:TAG]"},
    {"docker-archive:", PlaceKind::docker_archive, "docker-archive:FILE[:NAME:TAG]"},
    {"docker://", PlaceKind::registry, "docker://REGISTRY/NAME[:TAG][@DIGEST]"},
}};

Result<ImagePlace> no_name(std::string_view text, std::string_view form) {
    return failure(ErrorCode::invalid,
                   quote(text) + " does not name an image: expected " + std::string(form));
}

/// Transports of containers/image that are none here.
constexpr std::array<std::string_view, 6> other_transports{
    "containers-storage:", "docker-daemon:", "dir:", "ostree:", "sif:", "tarball:"};

/// An error for a place of another transport. "dir:1" may be an image of the store: a path tells it apart.
Result<void> check_transport(std::string_view text) {
    for (const std::string_view start : other_transports) {
        if (!text.starts_with(start)) continue;
        const std::string_view rest = text.substr(start.size());
        const bool always = start == "containers-storage:" || start == "docker-daemon:";
        if (!always && rest.find('/') == std::string_view::npos) continue;
        return failure(ErrorCode::unsupported,
                       quote(text) + ": images of " + std::string(start.substr(0, start.size() - 1)) +
                           " are not read: expected a name, oci:DIRECTORY:TAG, oci-archive:FILE, "
                           "docker-archive:FILE (as docker save and podman save write it) or docker://NAME");
    }
    return {};
}

/// Takes "@DIGEST" off the end of `rest`, when what follows the "@" is one.
std::optional<oci::spec::Digest> take_digest(std::string_view& rest) {
    const std::size_t at = rest.rfind('@');
    if (at == std::string_view::npos) return std::nullopt;
    auto digest = oci::spec::Digest::parse(rest.substr(at + 1));
    if (!digest) return std::nullopt;
    rest = rest.substr(0, at);
    return std::move(*digest);
}

/// PATH[:TAG][@DIGEST]; paths of layouts and archives hold no colon, tags may.
Result<ImagePlace> place_with_path(PlaceKind kind, std::string_view rest, std::string_view text,
                                   std::string_view form) {
    ImagePlace place{.kind = kind, .text = std::string(text)};
    place.digest = take_digest(rest);
    const std::size_t colon = rest.find(':');
    const bool has_tag = colon != std::string_view::npos;
    place.path = rest.substr(0, colon);
    if (has_tag) place.tag = rest.substr(colon + 1);
    if (place.path.empty() || (has_tag && place.tag.empty())) return no_name(text, form);
    return place;
}

Result<ImagePlace> registry_place(std::string_view rest, std::string_view text) {
    ImagePlace place{.kind = PlaceKind::registry, .text = std::string(text)};
    place.reference = TRY(oci::spec::parse_reference(rest));
    place.tag = place.reference->tag_or_default();
    place.digest = place.reference->digest;
    return place;
}

bool is_path(std::string_view text) {
    return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || text == "." ||
           text == ".." || text.starts_with(".:") || text.starts_with("..:");
}

std::string_view path_before_tag(std::string_view text) {
    take_digest(text);
    return text.substr(0, text.find(':'));
}

std::string environment(const char* name) {
    const char* const value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Result<ImagePlace> parse_image_place(std::string_view text, BareName bare, const IsLayout& is_layout) {
    for (const Transport& transport : transports) {
        if (!text.starts_with(transport.start)) continue;
        const std::string_view rest = text.substr(transport.start.size());
        if (rest.empty()) return no_name(text, transport.form);
        if (transport.kind == PlaceKind::registry) return registry_place(rest, text);
        return place_with_path(transport.kind, rest, text, transport.form);
    }
    TRY(check_transport(text));
    const std::string_view path = path_before_tag(text);
    if (bare == BareName::layout || is_path(text) || (!path.empty() && is_layout(std::string(path)))) {
        return place_with_path(PlaceKind::layout, text, text, "LAYOUT:TAG");
    }
    return parse_store_name(text);
}

Result<ImagePlace> parse_store_name(std::string_view text) {
    if (text.empty()) return no_name(text, "NAME[:TAG][@DIGEST], LAYOUT:TAG or docker://NAME");
    ImagePlace place{.kind = PlaceKind::store, .text = std::string(text)};
    if (auto digest = oci::spec::Digest::parse(text); digest && digest->can_be_verified()) {
        place.digest = std::move(*digest);
        return place;
    }
    if (text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos) {
        place.digest = TRY(oci::spec::Digest::parse("sha256:" + std::string(text)));
        return place;
    }
    oci::spec::Reference reference = TRY(oci::spec::parse_reference(text));
    place.digest = reference.digest;
    reference.tag = reference.tag_or_default();
    place.reference = reference;
    reference.digest.reset();
    if (!reference.tag.empty()) place.tag = reference.text();
    return place;
}

std::string familiar_name(std::string_view tag) {
    for (const std::string_view start : {"docker.io/library/", "docker.io/"}) {
        if (!tag.starts_with(start)) continue;
        const std::string_view rest = tag.substr(start.size());
        // Only a name that is read as the same one again.
        const auto again = parse_store_name(rest);
        if (again && again->tag == tag) return std::string(rest);
    }
    return std::string(tag);
}

Result<void> check_new_tag(std::string_view tag) {
    if (oci::spec::is_ref_name(tag)) return {};
    if (const auto name = oci::spec::parse_reference(tag); name && name->text() == tag) return {};
    return failure(ErrorCode::invalid,
                   quote(tag) +
                       " cannot be a tag: letters and digits, with single - . _ : @ + / or -- "
                       "between them, are allowed");
}

Result<std::string> default_store_path() {
    if (std::string chosen = environment("OCIMG_STORE"); !chosen.empty()) return chosen;
    if (::geteuid() == 0) return std::string("/var/lib/ocimg");
    // The base directory specification: a relative path is as good as none.
    if (const std::string data = environment("XDG_DATA_HOME"); data.starts_with('/')) return data + "/ocimg";
    if (const std::string home = environment("HOME"); home.starts_with('/')) {
        return home + "/.local/share/ocimg";
    }
    return failure(ErrorCode::invalid,
                   "where the default store is cannot be said: set OCIMG_STORE, XDG_DATA_HOME or HOME");
}

}  // namespace ocimg
