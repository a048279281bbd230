#pragma once
// --output: where the result goes besides a layout: plain files, archives, registries.

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/remote/remote_access.hpp"
#include "imagetool/store/image_place.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg::build {

struct OutputRequest {
    enum class Kind { directory, tar, image };
    Kind kind = Kind::directory;
    std::string destination;          // path of files; "-" is standard output (tar)
    std::optional<ImagePlace> place;  // of an image

    [[nodiscard]] bool is_image() const { return kind == Kind::image; }
};

/// "type=local,dest=DIR", "type=tar,dest=FILE", only DIR, or "-"; "type=oci,dest=FILE[,tar=false]",
/// "type=docker,dest=FILE", "type=image|registry,name=NAME[,push=true]", or a name with a transport
/// ("oci-archive:FILE", "docker://REGISTRY/NAME"). `names` are those of --tag, for images without a name of
/// their own. More than one request when an image is pushed under several names.
oci::Result<std::vector<OutputRequest>> parse_output(const std::string& text,
                                                     const std::vector<ImagePlace>& names);

/// An image of the store under its own name in a registry: --push.
oci::Result<OutputRequest> push_of(const ImagePlace& name);

/// Writes the files below `root`. A directory is made when it is not there, and filled up when it is. No
/// time of a tar is later than `latest`.
oci::Result<void> write_output(oci::BorrowedFd root, const OutputRequest& request, std::int64_t latest);

/// Copies the image with this digest out of the layout.
oci::Result<void> write_image_output(const Layout& layout, const std::string& digest,
                                     const OutputRequest& request, RemoteAccess& access);

}  // namespace ocimg::build
