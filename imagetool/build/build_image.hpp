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
#include "imagetool/build/resolve_image.hpp"
#include "imagetool/build/run_step.hpp"
#include "imagetool/store/image_place.hpp"
#include "spec/image/platform.hpp"

namespace ocimg::build {

/// What the command line asks for.
struct BuildRequest {
    std::string context = ".";
    std::string file;                    // --file: a Dockerfile, or a build file (.yaml, .yml)
    std::vector<std::string> only;       // --only: images of a build file; empty: all
    std::vector<OutputRequest> outputs;  // --output; with plain files alone no image is made
    std::vector<ImagePlace> places;      // --tag: layouts and the store
    std::map<std::string, std::string, std::less<>> build_args;
    std::map<std::string, std::string> build_contexts;  // name to directory, docker-image:// or oci-layout://
    std::string target;
    std::vector<oci::spec::Platform> platforms;  // --platform; empty: those of the build file, else this one
    std::vector<std::string> labels;
    std::vector<std::string> annotations;  // NAME=VALUE, of the manifest
    PullPolicy pull = PullPolicy::missing;
    RemoteOptions remote;
    bool use_cache = true;
    std::vector<ImagePlace> cache_from;  // --cache-from: places that hold results of other builds
    std::vector<ImagePlace> cache_to;    // --cache-to
    bool squash = false;
    bool allow_insecure = false;
    std::optional<dockerfile::RunNetwork> network;  // of RUN steps without --network
    std::optional<std::int64_t> source_date;        // SOURCE_DATE_EPOCH
    bool context_dates = false;                     // SOURCE_DATE_EPOCH=context: times of the context count
    std::size_t jobs = 0;                           // stages at the same time; 0: one for each processor
    std::string cache_path;
    RunSettings run;

    /// Whether nothing but plain files is asked for.
    [[nodiscard]] bool files_only() const;
};

/// What a build made.
struct BuiltImage {
    std::string digest;         // of the manifest or index; empty: no image was asked for
    std::string config_digest;  // the image's id, as Docker counts; of an index its digest
    std::string layout;         // path of the layout that holds it
    std::vector<std::string> tags;
};

/// Builds the target, or the images of a build file in the order in which they need each other, and puts
/// each under its places; without a place it is in the default store, untagged.
oci::Result<std::vector<BuiltImage>> build_images(const BuildRequest& request, BuildProgress& progress);

}  // namespace ocimg::build
