#include "imagetool/overlay/plain_copy.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/layer/apply_layer.hpp"
#include "imagetool/layer/copy_up.hpp"
#include "imagetool/layer/write_layer.hpp"
#include "imagetool/overlay/mount_overlay.hpp"

namespace ocimg {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

bool is_later(const struct timespec& a, const struct timespec& b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

std::string joined(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

Result<Fd> make_and_open(BorrowedFd directory, const std::string& name) {
    TRY(oci::make_directory(directory, name, 0755));
    return oci::open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Result<void> try_overlay(BorrowedFd directory, OverlayAttributes attributes) {
    const Fd lower = TRY(make_and_open(directory, "lower"));
    const Fd upper = TRY(make_and_open(directory, "upper"));
    const Fd work = TRY(make_and_open(directory, "work"));
    TRY(mount_overlay({.lowers = {lower}, .upper = upper, .work = work, .attributes = attributes}));
    return {};
}

Result<void> note_files(BorrowedFd directory, const std::string& path, std::map<std::string, ino_t>& files,
                        struct timespec& latest) {
    for (const std::string& name : TRY(oci::list_directory(directory))) {
        const struct stat status = TRY(oci::status_at(directory, name));
        files[joined(path, name)] = status.st_ino;
        if (is_later(status.st_ctim, latest)) latest = status.st_ctim;
        if (!S_ISDIR(status.st_mode)) continue;
        const Fd inner = TRY(oci::open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        TRY(note_files(inner, joined(path, name), files, latest));
    }
    return {};
}

/// Returns when files that change get a later time than `time`.
Result<void> wait_for_clock(const struct timespec& time) {
    for (;;) {
        struct timespec now {};
        ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
        if (is_later(now, time)) return {};
        static_cast<void>(::poll(nullptr, 0, 2));  // the clock of file systems moves every few milliseconds
    }
}

}  // namespace

bool overlay_works(BorrowedFd directory, OverlayAttributes attributes) {
    const char* const text = ::getenv("OCI_TEST_NO_OVERLAY");  // NOLINT(concurrency-mt-unsafe)
    if (text != nullptr && std::string_view(text) == "1") return false;
    const bool works = try_overlay(directory, attributes).has_value();
    for (const char* name : {"lower", "upper", "work"})
        static_cast<void>(oci::remove_tree(directory, name).has_value());
    return works;
}

Result<void> copy_layers(std::span<const BorrowedFd> lowers, BorrowedFd tree) {
    for (std::size_t i = lowers.size(); i > 0; --i) {
        const Fd file = TRY(oci::open_at(tree, ".", O_TMPFILE | O_RDWR, 0600));
        const Fd layer = TRY(oci::open_at(lowers[i - 1], ".", O_RDONLY | O_DIRECTORY));
        FileSink sink(file);
        WriteOptions options;
        options.compression = Compression::none;
        options.scan.overlay_upper = true;
        TRY(write_directory_layer(layer, options, sink));
        if (::lseek(file.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("seek");
        FileSource source(file);
        TRY(apply_layer(source, tree, {}));
        const LowerFile root{TRY(oci::duplicate(layer)), TRY(oci::status_of(layer)).st_mode};
        TRY(copy_directory_attributes(root, tree));
    }
    return {};
}

Result<TreeMark> TreeMark::set(BorrowedFd tree) {
    TreeMark mark;
    const Fd top = TRY(oci::open_at(tree, ".", O_RDONLY | O_DIRECTORY));
    mark.time_ = TRY(oci::status_of(top)).st_ctim;
    TRY(note_files(top, "", mark.files_, mark.time_));
    TRY(wait_for_clock(mark.time_));
    return mark;
}

/// Walks a tree that was worked in, and fills the upper directory.
class ChangeCollector {
public:
    ChangeCollector(const TreeMark& mark, OverlayAttributes attributes)
        : mark_(mark), attributes_(attributes) {}

    Result<void> collect(BorrowedFd tree, BorrowedFd upper) {
        Level root{.parent = nullptr,
                   .name = {},
                   .original = TRY(oci::open_at(tree, ".", O_RDONLY | O_DIRECTORY)),
                   .upper = TRY(oci::open_at(upper, ".", O_RDONLY | O_DIRECTORY))};
        TRY(walk(root, ""));
        return finish(root);
    }

private:
    /// A directory of the tree; its counterpart is made when something in it has changed.
    struct Level {
        Level* parent;
        std::string name;
        Fd original;
        Fd upper;
    };

    static Result<BorrowedFd> upper_of(Level& level) {
        if (level.upper.is_open()) return level.upper.borrow();
        level.upper = TRY(make_and_open(TRY(upper_of(*level.parent)), level.name));
        return level.upper.borrow();
    }

    /// Attributes and times come last: filling the directory changes them.
    static Result<void> finish(Level& level) {
        if (!level.upper.is_open()) return {};
        const struct stat status = TRY(oci::status_of(level.original));
        const LowerFile original{TRY(oci::duplicate(level.original)), status.st_mode};
        TRY(copy_directory_attributes(original, level.upper));
        const struct timespec times[2] = {status.st_mtim, status.st_mtim};
        if (::futimens(level.upper.get(), times) != 0) return oci::last_system_failure("set times");
        return {};
    }

    Result<void> walk(Level& level, const std::string& path) {
        std::vector<std::string> names = TRY(oci::list_directory(level.original));
        std::sort(names.begin(), names.end());
        TRY(mark_deleted(level, path, names));
        for (const std::string& name : names)
            TRY(one(level, joined(path, name), name).in(oci::quote(joined(path, name))));
        return {};
    }

    Result<void> mark_deleted(Level& level, const std::string& path, const std::vector<std::string>& names) {
        const std::string start = path.empty() ? path : path + "/";
        for (auto file = mark_.files_.lower_bound(start);
             file != mark_.files_.end() && file->first.starts_with(start); ++file) {
            const std::string name = file->first.substr(start.size());
            if (name.find('/') != std::string::npos || recreated_.contains(path)) continue;
            if (std::binary_search(names.begin(), names.end(), name)) continue;
            TRY(make_overlay_whiteout(TRY(upper_of(level)), name));
        }
        return {};
    }

    Result<void> one(Level& level, const std::string& path, const std::string& name) {
        const struct stat status = TRY(oci::status_at(level.original, name));
        const auto known = mark_.files_.find(path);
        const bool same = known != mark_.files_.end() && known->second == status.st_ino;
        const bool changed = !same || is_later(status.st_ctim, mark_.time_);
        if (S_ISDIR(status.st_mode)) return directory(level, path, name, {.same = same, .changed = changed});
        if (!changed || S_ISSOCK(status.st_mode)) return {};
        const BorrowedFd upper = TRY(upper_of(level));
        if (const auto copy = copies_.find(status.st_ino); copy != copies_.end()) {
            if (::linkat(AT_FDCWD, copy->second.c_str(), upper.get(), name.c_str(), 0) == 0) return {};
        }
        const LowerFile file{TRY(oci::open_at(level.original, name, O_PATH | O_NOFOLLOW)), status.st_mode};
        TRY(copy_file_up(file, upper, name));
        if (status.st_nlink > 1) copies_[status.st_ino] = TRY(oci::path_of(upper)) + "/" + name;
        return {};
    }

    struct Difference {
        bool same = false;
        bool changed = false;
    };
    Result<void> directory(Level& level, const std::string& path, const std::string& name, Difference how) {
        Level inner{.parent = &level,
                    .name = name,
                    .original = TRY(oci::open_at(level.original, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)),
                    .upper = {}};
        if (how.changed) TRY(upper_of(inner));
        if (!how.same && mark_.files_.contains(path)) {
            recreated_.insert(path);
            TRY(mark_opaque(TRY(upper_of(inner)), attributes_));
        }
        TRY(walk(inner, path));
        return finish(inner);
    }

    const TreeMark& mark_;
    OverlayAttributes attributes_;
    std::set<std::string> recreated_;      // directories that are others than before
    std::map<ino_t, std::string> copies_;  // of files with several names
};

Result<void> TreeMark::collect(BorrowedFd tree, BorrowedFd upper, OverlayAttributes attributes) const {
    return ChangeCollector(*this, attributes).collect(tree, upper);
}

}  // namespace ocimg
