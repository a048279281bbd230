#include "imagetool/build/walk_files.hpp"

#include <algorithm>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

std::string joined(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

/// Whether something below a directory that is left out may still be taken back.
bool may_hold_more(const FileFilter& filter, const std::string& path) {
    if (filter.exclude != nullptr && filter.exclude->is_ignored(path) &&
        !filter.exclude->may_hold_exceptions(path))
        return false;
    if (filter.ignore == nullptr) return true;
    const std::string full = joined(filter.prefix, path);
    return !filter.ignore->is_ignored(full) || filter.ignore->may_hold_exceptions(full);
}

class Walk {
public:
    Walk(const FileFilter& filter, const std::function<Result<void>(const VisitedFile&)>& visit)
        : filter_(filter), visit_(visit) {}

    Result<void> directory(BorrowedFd directory, const std::string& path) {
        std::vector<std::string> names = TRY(oci::list_directory(directory));
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            VisitedFile file{.path = joined(path, name), .parent = directory, .name = name};
            file.status = TRY(oci::status_at(directory, name).in(oci::quote(file.path)));
            TRY(one(file));
        }
        return {};
    }

private:
    Result<void> one(const VisitedFile& file) {
        const bool left_out = is_left_out(filter_, file.path);
        if (!S_ISDIR(file.status.st_mode)) {
            if (left_out) return {};
            TRY(visit_waiting());
            return visit_(file);
        }
        if (left_out && !may_hold_more(filter_, file.path)) return {};
        const std::size_t depth = waiting_.size();
        waiting_.push_back(file);
        if (!left_out) TRY(visit_waiting());
        const Fd opened = TRY(oci::open_at(file.parent, file.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                                  .in(oci::quote(file.path)));
        TRY(directory(opened, file.path));
        if (waiting_.size() > depth) waiting_.resize(depth);
        return {};
    }

    /// Directories that are visited only because of what they hold.
    Result<void> visit_waiting() {
        const std::vector<VisitedFile> waiting = std::move(waiting_);
        waiting_.clear();
        for (const VisitedFile& directory : waiting) TRY(visit_(directory));
        return {};
    }

    const FileFilter& filter_;
    const std::function<Result<void>(const VisitedFile&)>& visit_;
    std::vector<VisitedFile> waiting_;
};

}  // namespace

bool is_left_out(const FileFilter& filter, const std::string& path) {
    if (filter.exclude != nullptr && filter.exclude->is_ignored(path)) return true;
    return filter.ignore != nullptr && filter.ignore->is_ignored(joined(filter.prefix, path));
}

Result<void> walk_files(BorrowedFd directory, const FileFilter& filter,
                        const std::function<Result<void>(const VisitedFile&)>& visit) {
    return Walk(filter, visit).directory(directory, "");
}

}  // namespace ocimg::build
