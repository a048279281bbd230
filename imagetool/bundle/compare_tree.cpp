#include "imagetool/bundle/compare_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <unordered_set>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

mode_t mode_of(EntryKind kind) {
    switch (kind) {
        case EntryKind::file:
        case EntryKind::hard_link:
            return S_IFREG;
        case EntryKind::symbolic_link:
            return S_IFLNK;
        case EntryKind::character_device:
            return S_IFCHR;
        case EntryKind::block_device:
            return S_IFBLK;
        case EntryKind::directory:
            return S_IFDIR;
        case EntryKind::fifo:
            return S_IFIFO;
    }
    return 0;
}

bool is_later(const struct timespec& time, const Timestamp& than) {
    if (time.tv_sec != than.seconds) return time.tv_sec > than.seconds;
    return time.tv_nsec > static_cast<long>(than.nanoseconds);
}

/// File systems that keep whole seconds cut the rest off.
bool same_time(const struct timespec& time, const Timestamp& recorded) {
    return time.tv_sec == recorded.seconds &&
           (time.tv_nsec == static_cast<long>(recorded.nanoseconds) || time.tv_nsec == 0);
}

bool is_device(mode_t mode) {
    return S_ISCHR(mode) || S_ISBLK(mode);
}

/// What lstat tells, times of change aside.
bool same_attributes(const struct stat& status, const TreeRecord& record, bool is_root) {
    if ((status.st_mode & S_IFMT) != mode_of(record.kind)) return false;
    if (!S_ISLNK(status.st_mode) && (status.st_mode & 07777U) != record.mode) return false;
    if (status.st_uid != record.uid || status.st_gid != record.gid) return false;
    if (!is_root && !same_time(status.st_mtim, record.mtime)) return false;
    if (S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) != record.size) return false;
    return !is_device(status.st_mode) || status.st_rdev == record.device;
}

class Comparison {
public:
    Comparison(BorrowedFd root, const TreeRecords& records, const CompareOptions& options)
        : root_(root), records_(records), options_(options) {}

    Result<TreeChanges> run() {
        const struct stat status = TRY(oci::status_of(root_));
        TRY(judge(root_, ".", "", status));
        TRY(walk(""));
        find_removed();
        return std::move(changes_);
    }

private:
    [[nodiscard]] bool leaves_out(const std::string& path) const {
        return options_.leaves_out && options_.leaves_out(path);
    }

    /// `prefix` is the directory's path with a slash at its end, or empty.
    Result<void> walk(const std::string& prefix) {
        Fd directory = TRY(open_directory(prefix));
        std::vector<std::string> below;
        for (const std::string& name : TRY(oci::list_directory(directory))) {
            const std::string path = prefix + name;
            if (leaves_out(path)) continue;
            const struct stat status = TRY(oci::status_at(directory, name).in(oci::quote(path)));
            if (S_ISSOCK(status.st_mode)) continue;
            TRY(judge(directory, name, path, status).in(oci::quote(path)));
            if (S_ISDIR(status.st_mode)) below.push_back(path + "/");
        }
        // Only one directory is open at a time: trees may be deeper than the limit of open files.
        directory.reset();
        for (const std::string& path : below) TRY(walk(path));
        return {};
    }

    Result<Fd> open_directory(const std::string& prefix) {
        return oci::open_in_root(root_, prefix.empty() ? "." : prefix, O_RDONLY | O_DIRECTORY, 0,
                                 {.follow_last = false, .no_symlinks = true});
    }

    Result<void> judge(BorrowedFd directory, const std::string& name, const std::string& path,
                       const struct stat& status) {
        const auto found = records_.files.find(path);
        if (found == records_.files.end()) {
            changes_.changed.push_back(path);
            return {};
        }
        const TreeRecord& record = found->second;
        seen_.insert(path);
        if (S_ISDIR(status.st_mode)) directories_.insert(path);
        const bool touched = is_later(status.st_ctim, records_.finished) || options_.doubt_everything;
        const bool same_inode = record.inode == 0 || record.inode == status.st_ino;
        const bool same = same_attributes(status, record, path.empty());
        if (!touched && same_inode && same) return {};
        if (!same || !TRY(same_details(directory, name, status, record))) {
            changes_.changed.push_back(path);
        } else if (S_ISREG(status.st_mode) && status.st_size > 0) {
            changes_.doubtful.push_back(path);
        }
        return {};
    }

    static Result<bool> same_details(BorrowedFd directory, const std::string& name, const struct stat& status,
                                     const TreeRecord& record) {
        if (S_ISLNK(status.st_mode)) {
            std::string target(PATH_MAX, '\0');
            const ssize_t size = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
            if (size < 0) return oci::last_system_failure("read link");
            target.resize(static_cast<std::size_t>(size));
            if (target != record.link_target) return false;
        }
        return xattr_fingerprint(TRY(XattrTarget(directory, name).read())) == record.xattrs;
    }

    /// Of a directory that is gone one whiteout tells all; of one that is no directory any more, none.
    void find_removed() {
        for (const auto& [path, record] : records_.files) {
            if (path.empty() || seen_.contains(path) || leaves_out(path)) continue;
            const std::size_t slash = path.rfind('/');
            if (directories_.contains(slash == std::string::npos ? "" : path.substr(0, slash)))
                changes_.removed.push_back(path);
        }
    }

    BorrowedFd root_;
    const TreeRecords& records_;
    const CompareOptions& options_;
    TreeChanges changes_;
    std::unordered_set<std::string> seen_;
    std::unordered_set<std::string> directories_;
};

}  // namespace

Result<TreeChanges> compare_tree(BorrowedFd root, const TreeRecords& records, const CompareOptions& options) {
    return Comparison(root, records, options).run();
}

}  // namespace ocimg
