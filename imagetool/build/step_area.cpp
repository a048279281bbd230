#include "imagetool/build/step_area.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.hpp"
#include "imagetool/build/mount_points.hpp"
#include "imagetool/overlay/mount_overlay.hpp"

namespace ocimg::build {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// The root directory of a new stage: 0755, of root, at the beginning of time.
Result<void> set_plain_attributes(BorrowedFd directory) {
    if (::fchmod(directory.get(), 0755) != 0) return oci::last_system_failure("chmod");
    const struct timespec times[2] = {{0, 0}, {0, 0}};
    if (::futimens(directory.get(), times) != 0) return oci::last_system_failure("set times");
    return {};
}

}  // namespace

Result<StepArea> StepArea::make(const BuildCache& cache, LayerDirectories& directories,
                                const StageFiles& before) {
    StepArea area(cache, TRY(cache.make_work()), directories);
    area.lowers_ = TRY(directories.open(before));
    area.empty_ = TRY(area.work_.make("empty", 0755));
    area.changes_ = TRY(area.work_.make(changes_name, 0755));
    area.overlay_work_ = TRY(area.work_.make("overlay"));
    // The root of the tree is that of the topmost layer.
    TRY(set_plain_attributes(area.changes_));
    if (!area.lowers_.empty()) {
        const Fd top = TRY(oci::open_at(area.lowers_.front(), ".", O_RDONLY | O_DIRECTORY));
        TRY(copy_attributes(top, area.changes_));
    }
    return area;
}

Result<Fd> StepArea::view_before() const {
    OverlayRequest request{.attributes = attributes_};
    for (const Fd& lower : lowers_) request.lowers.push_back(lower);
    request.lowers.push_back(empty_);
    if (request.lowers.size() == 1) return oci::open_at(empty_, ".", O_RDONLY | O_DIRECTORY);
    if (!plain_copies_) return mount_overlay(request);
    if (!oci::exists_at(work_.fd(), "before"))
        TRY(copy_layers(request.lowers, TRY(work_.make("before", 0755))));
    return oci::open_at(work_.fd(), "before", O_RDONLY | O_DIRECTORY);
}

/// The tree that a step changes where no overlay can be mounted; its changes are collected when they are
/// kept.
Result<Fd> StepArea::copy_for(BorrowedFd extra) const {
    std::vector<BorrowedFd> lowers;
    if (extra.is_open()) lowers.push_back(extra);
    for (const Fd& lower : lowers_) lowers.push_back(lower);
    Fd tree = TRY(work_.make("tree", 0755));
    TRY(copy_layers(lowers, tree));
    mark_ = TRY(TreeMark::set(tree));
    return tree;
}

Result<Fd> StepArea::mount(BorrowedFd extra) const {
    if (plain_copies_) return copy_for(extra);
    OverlayRequest request{
        .upper = changes_, .work = overlay_work_, .attributes = attributes_, .is_volatile = true};
    if (extra.is_open()) request.lowers.push_back(extra);
    for (const Fd& lower : lowers_) request.lowers.push_back(lower);
    if (request.lowers.empty()) request.lowers.push_back(empty_);
    return mount_overlay(request);
}

Result<void> StepArea::keep(const std::string& key) {
    if (mark_.has_value()) {
        const Fd tree = TRY(oci::open_at(work_.fd(), "tree", O_RDONLY | O_DIRECTORY));
        TRY(mark_->collect(tree, changes_, attributes_));
    }
    return cache_.keep_layer(work_, changes_name, key);
}

}  // namespace ocimg::build
