#pragma once
// How images are named on ocimg's command line: one grammar for layouts, archives, registries and the
// default store (docs/names.md). Pure but for default_store_path.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/reference.hpp"

namespace ocimg {

/// Where an image is: a layout's directory, the default store, an archive's file, or a registry.
enum class PlaceKind { layout, store, oci_archive, docker_archive, registry };

/// A name, taken apart.
struct ImagePlace {
    PlaceKind kind = PlaceKind::layout;
    std::string path;  // of the layout or the archive; empty for the store and registries
    /// The tag as it stands in the place: org.opencontainers.image.ref.name of a layout and of the store
    /// (there the full reference without digest, "docker.io/library/debian:12"), what follows the file of
    /// an archive, the tag of a registry's repository. Empty: none given.
    std::string tag;
    std::optional<oci::spec::Digest> digest;
    std::optional<oci::spec::Reference>
        reference;     // of the store (unless named by digest alone), of a registry
    std::string text;  // as it was written
};

/// What "NAME:TAG" means when neither a transport, nor a path, nor a directory decides it: a name of the
/// store (arguments of commands), or LAYOUT:TAG (--image, as in umoci).
enum class BareName { store, layout };

/// Whether a path is the directory of an OCI layout.
using IsLayout = std::function<bool(const std::string& path)>;

/// Reads a name. In this order: a transport ("oci:", "oci-archive:", "docker-archive:", "docker://"); a path
/// that begins with "/", "./" or "../"; a directory that is a layout by `is_layout`; then `bare` decides.
/// A layout's path ends at the first colon, or at an "@" before a digest.
oci::Result<ImagePlace> parse_image_place(std::string_view text, BareName bare, const IsLayout& is_layout);

/// A name of the store: "debian:12", "registry/name:tag@digest", "sha256:HEX". The tag is "latest" when there
/// is neither tag nor digest.
oci::Result<ImagePlace> parse_store_name(std::string_view text);

/// What short names begin with is left out: "debian:12" of "docker.io/library/debian:12".
std::string familiar_name(std::string_view tag);

/// An error unless the tag is one that may be written: the grammar of org.opencontainers.image.ref.name, or a
/// full reference.
oci::Result<void> check_new_tag(std::string_view tag);

/// The directory of the default store: OCIMG_STORE, else /var/lib/ocimg for root, else
/// $XDG_DATA_HOME/ocimg, else $HOME/.local/share/ocimg.
oci::Result<std::string> default_store_path();

}  // namespace ocimg
