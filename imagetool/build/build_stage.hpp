#pragma once
// One stage, step by step: what is in the cache is taken from there, the rest is done and put into it.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/build/build_progress.hpp"
#include "imagetool/build/cache_exchange.hpp"
#include "imagetool/build/copy_step.hpp"
#include "imagetool/build/run_step.hpp"
#include "imagetool/build/trees.hpp"

namespace ocimg::build {

struct StageSettings {
    bool use_cache = true;                    // --no-cache: false
    std::optional<std::int64_t> source_date;  // SOURCE_DATE_EPOCH
    RunSettings run;
};

/// What all stages of a build share.
struct BuildServices {
    const BuildGraph& graph;
    const BuildCache& cache;
    Trees& trees;
    BuildProgress& progress;
    const StageSettings& settings;
    const CacheImports& imports;  // --cache-from
    CacheExport& exported;        // --cache-to: told of every step
    /// Called with a stage's files after each step that has a layer; may start writing it into an image.
    std::function<void(std::size_t stage, const StageFiles& files)> on_layer;
    /// Whether another stage has failed: then this one may stop.
    std::function<bool()> is_cancelled;
};

/// Does the steps of a stage whose needs are finished. An error names the file, the line and the step.
oci::Result<StageFiles> build_stage(const BuildServices& services, std::size_t index);

}  // namespace ocimg::build
