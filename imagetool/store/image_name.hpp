#pragma once
// "LAYOUT:TAG", the way images are named on ocimg's command line. Pure.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocimg {

/// A layout's path and the tag inside it.
struct ImageName {
    std::string layout;
    std::string tag;  // empty: none given
};

/// Splits at the first colon: tags may hold colons ("docker.io/library/busybox:1"), paths of layouts may
/// not. An empty layout or an empty tag after the colon is an error.
oci::Result<ImageName> parse_image_name(std::string_view text);

/// An error unless the tag is one that may be written: the grammar of org.opencontainers.image.ref.name.
oci::Result<void> check_new_tag(std::string_view tag);

}  // namespace ocimg
