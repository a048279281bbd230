#pragma once
// What is to be built: one Dockerfile, or images of a build file.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_image.hpp"
#include "imagetool/build/fetch_context.hpp"
#include "imagetool/dockerfile/parse_dockerfile.hpp"

namespace ocimg::build {

struct ImageToBuild {
    std::string name;  // in the build file; empty: a Dockerfile's
    dockerfile::Dockerfile file;
    std::vector<ImagePlace> places;
    std::vector<oci::spec::Platform> platforms;  // at least one
    bool wanted = true;                          // false: only others need it
};

/// Reads the file that the request names in the context, or on the host. Images of a build file come in the
/// order in which they need each other.
oci::Result<std::vector<ImageToBuild>> read_images(const BuildRequest& request,
                                                   const FetchedContext& context);

}  // namespace ocimg::build
