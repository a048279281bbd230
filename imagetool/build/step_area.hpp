#pragma once
// Where one step changes files: the layers below, a directory for the changes, and both as one tree.

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/stage_files.hpp"
#include "imagetool/overlay/plain_copy.hpp"

namespace ocimg::build {

/// Names inside the step's work directory.
inline constexpr const char* changes_name = "changes";

class StepArea {
public:
    /// Makes the directories. Nothing is mounted yet.
    static oci::Result<StepArea> make(const BuildCache& cache, LayerDirectories& directories,
                                      const StageFiles& before);

    [[nodiscard]] const WorkDirectory& work() const { return work_; }
    [[nodiscard]] oci::BorrowedFd changes() const { return changes_; }
    [[nodiscard]] OverlayAttributes attributes() const { return attributes_; }
    /// Whether views are plain directories instead of detached mounts.
    [[nodiscard]] bool plain_copies() const { return plain_copies_; }

    /// The files before the step, read-only.
    [[nodiscard]] oci::Result<oci::Fd> view_before() const;
    /// A writable view of all layers, `extra` (when it is open) on top of them, and the changes above: a
    /// detached mount.
    [[nodiscard]] oci::Result<oci::Fd> mount(oci::BorrowedFd extra = {}) const;

    /// Makes the changes the files of the result `key`. The views must be gone.
    oci::Result<void> keep(const std::string& key);

private:
    StepArea(const BuildCache& cache, WorkDirectory work, const LayerDirectories& directories)
        : cache_(cache),
          work_(std::move(work)),
          attributes_(directories.attributes()),
          plain_copies_(directories.plain_copies()) {}
    [[nodiscard]] oci::Result<oci::Fd> copy_for(oci::BorrowedFd extra) const;

    const BuildCache& cache_;
    WorkDirectory work_;
    OverlayAttributes attributes_;
    bool plain_copies_ = false;
    mutable std::optional<TreeMark> mark_;  // of a plain copy in which something was done
    std::vector<oci::Fd> lowers_;           // topmost first
    oci::Fd empty_;
    oci::Fd changes_;
    oci::Fd overlay_work_;
};

}  // namespace ocimg::build
