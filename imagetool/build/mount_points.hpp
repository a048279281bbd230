#pragma once
// Places for mounts that an image lacks. They are made in a layer of their own between the image and the
// step's changes, so that no step's layer ever holds one and nothing has to be cleaned up after it.

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg::build {

struct MountPoint {
    std::string path;  // absolute, as the container sees it; links are followed inside the image
    bool directory = true;
};

/// Makes the missing ones of `points` in the empty directory `layer`, each existing directory on the way with
/// the attributes it has in `image`. A place that is there with the other kind is an error.
oci::Result<void> make_mount_points(oci::BorrowedFd image, const std::vector<MountPoint>& points,
                                    oci::BorrowedFd layer);

/// Gives `copy` the owner, permissions, attributes and times of `original`.
oci::Result<void> copy_attributes(oci::BorrowedFd original, oci::BorrowedFd copy);

}  // namespace ocimg::build
