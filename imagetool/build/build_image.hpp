#pragma once
// The whole of `ocimg build`, to be read from top to bottom: context, Dockerfile, plan, steps, image.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_progress.hpp"
#include "imagetool/build/output_files.hpp"
#include "imagetool/build/run_step.hpp"
#include "imagetool/store/image_place.hpp"
#include "spec/image/platform.hpp"

namespace ocimg::build {

/// What the command line asks for.
struct BuildRequest {
    std::string context = ".";
    std::string file;                    // --file
    std::vector<OutputRequest> outputs;  // --output: files instead of an image, unless there are places too
    std::vector<ImagePlace> places;      // --tag: layouts and the store
    std::map<std::string, std::string, std::less<>> build_args;
    std::map<std::string, std::string> build_contexts;  // name to directory, docker-image:// or oci-layout://
    std::string target;
    std::optional<oci::spec::Platform> platform;
    std::vector<std::string> labels;
    std::vector<std::string> annotations;  // NAME=VALUE, of the manifest
    bool use_cache = true;
    bool squash = false;
    bool allow_insecure = false;
    std::optional<dockerfile::RunNetwork> network;  // of RUN steps without --network
    std::optional<std::int64_t> source_date;        // SOURCE_DATE_EPOCH
    std::size_t jobs = 0;                           // stages at the same time; 0: one for each processor
    std::string cache_path;
    RunSettings run;
};

/// What a build made.
struct BuiltImage {
    std::string digest;         // of the manifest; empty: no image was asked for
    std::string config_digest;  // the image's id, as Docker counts
    std::string layout;         // path of the layout that holds it
    std::vector<std::string> tags;
};

/// Builds the target and puts it under every place; without a place it is in the default store, untagged.
oci::Result<BuiltImage> build_image(BuildRequest request, BuildProgress& progress);

}  // namespace ocimg::build
