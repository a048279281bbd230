#pragma once
// From a Dockerfile to the graph of its build. Pure, but for the images that `resolve` looks up.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/dockerfile/parse_dockerfile.hpp"
#include "imagetool/dockerfile/scope.hpp"

namespace ocimg::build {

/// Finds an image by the name that a FROM or COPY --from has.
using ResolveImage =
    std::function<oci::Result<BaseImage>(const std::string& name, const oci::spec::Platform& platform)>;

struct PlanRequest {
    dockerfile::BuildArguments arguments;
    std::string target;                                 // --target: name or number; empty: the last stage
    std::vector<std::string> labels;                    // --label NAME=VALUE
    std::vector<std::string> context_names;             // --build-context NAME=...
    std::map<std::string, std::string> image_contexts;  // those of them that are images
    bool allow_insecure = false;                        // --allow security.insecure
    bool all_stages = false;                            // also those the target does not need
};

/// Stages that the target does not need are not planned: their images are not looked up.
oci::Result<BuildGraph> plan_build(const dockerfile::Dockerfile& file, const PlanRequest& request,
                                   const ResolveImage& resolve);

}  // namespace ocimg::build
