#pragma once
// manifest.json of what `docker save` writes (moby image/spec v1.2 "Combined Image JSON + Filesystem
// Changeset Format"). Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg {

/// One image of the archive.
struct SavedImage {
    std::string config;                  // member with the image's configuration
    std::vector<std::string> repo_tags;  // "busybox:1"
    std::vector<std::string> layers;     // members, the base layer first
};

oci::Result<std::vector<SavedImage>> parse_saved_images(std::string_view text, const std::string& file);
std::string saved_images_to_json(const std::vector<SavedImage>& images);

/// The image that has the tag, in any spelling ("busybox:1" is docker.io/library/busybox:1); without tag the
/// only one. None or several is an error that lists the tags.
oci::Result<SavedImage> choose_saved_image(const std::vector<SavedImage>& images, const std::string& tag);

}  // namespace ocimg
