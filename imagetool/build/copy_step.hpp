#pragma once
// COPY and ADD: find and read what is copied, then copy it into the files of a stage.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/build/hash_files.hpp"
#include "imagetool/build/step_area.hpp"
#include "imagetool/build/trees.hpp"

namespace ocimg::build {

/// Files from one source tree.
struct CopyPart {
    OpenedTree tree;
    std::vector<SelectedFile> files;
    bool unpack = false;  // archives among them are unpacked
};

/// Everything a step copies, and its content as one digest.
struct CopySource {
    std::optional<WorkDirectory> fetched;  // holds what ADD brought from elsewhere
    std::deque<CopyPart> parts;
    std::string digest;
    std::int64_t newest = 0;  // modification time of the newest file; of a stage or image, its own time
};

/// Opens and hashes what the step copies; what ADD names by URL or git reference is fetched.
oci::Result<CopySource> read_copy_source(const CopyStep& step, const Trees& trees, const BuildCache& cache);

/// --exclude, compiled; nothing when it is not given.
oci::Result<std::optional<dockerfile::IgnoreMatcher>> excludes_of(const CopyStep& step);

/// Copies it. `time` is that of files whose content stands in the Dockerfile, and of those whose own times do
/// not count.
oci::Result<void> copy_step(const CopyStep& step, const CopySource& source, StepArea& area,
                            std::int64_t time);

/// Makes the directory of WORKDIR, of the stage's user.
oci::Result<void> workdir_step(const WorkdirStep& step, StepArea& area);

}  // namespace ocimg::build
