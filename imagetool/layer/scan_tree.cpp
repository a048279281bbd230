#include "imagetool/layer/scan_tree.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <map>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg {
namespace {

Entry describe(const struct stat& status, std::string name) {
    Entry entry;
    entry.name = std::move(name);
    entry.mode = status.st_mode & 07777U;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    entry.mtime = {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
    return entry;
}

oci::Result<std::string> read_link(oci::BorrowedFd directory, const std::string& name) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
    if (size < 0) return oci::last_system_failure("read link");
    target.resize(static_cast<std::size_t>(size));
    return target;
}

class Scan {
public:
    Scan(oci::BorrowedFd root, const VisitEntry& visit) : root_(root), visit_(visit) {}

    /// Visits what the directory holds; `prefix` is its path with a slash at its end, or empty.
    oci::Result<void> visit_directory(const std::string& prefix) {
        oci::Fd directory = TRY(open_directory(prefix));
        std::vector<std::string> names = TRY(oci::list_directory(directory));
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            const struct stat status = TRY(oci::status_at(directory, name).in(oci::quote(prefix + name)));
            if (!S_ISDIR(status.st_mode)) {
                TRY(visit_other(directory, prefix + name, name, status).in(oci::quote(prefix + name)));
                continue;
            }
            TRY(visit_subdirectory(directory, prefix, name));
            // Only one directory is open at a time: trees may be deeper than the limit of open files.
            directory.reset();
            TRY(visit_directory(prefix + name + "/"));
            directory = TRY(open_directory(prefix));
        }
        return {};
    }

private:
    oci::Result<oci::Fd> open_directory(const std::string& prefix) {
        return oci::open_in_root(root_, prefix.empty() ? "." : prefix, O_RDONLY | O_DIRECTORY, 0,
                                 {.follow_last = false, .no_symlinks = true});
    }

    oci::Result<void> visit_subdirectory(oci::BorrowedFd parent, const std::string& prefix,
                                         const std::string& name) {
        const oci::Fd directory = TRY(oci::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        Entry entry = TRY(describe_directory(directory, prefix + name + "/").in(oci::quote(prefix + name)));
        return visit_(entry, oci::BorrowedFd());
    }

    oci::Result<void> visit_other(oci::BorrowedFd parent, const std::string& path, const std::string& name,
                                  const struct stat& status) {
        Entry entry = describe(status, path);
        if (status.st_nlink > 1) {
            const auto [first, is_first] = first_names_.try_emplace({status.st_dev, status.st_ino}, path);
            if (!is_first) {
                entry.kind = EntryKind::hard_link;
                entry.link_target = first->second;
                return visit_(entry, oci::BorrowedFd());
            }
        }
        switch (status.st_mode & S_IFMT) {
            case S_IFREG:
                return visit_file(parent, path, name);
            case S_IFLNK:
                entry.kind = EntryKind::symbolic_link;
                entry.link_target = TRY(read_link(parent, name));
                break;
            case S_IFIFO:
                entry.kind = EntryKind::fifo;
                break;
            case S_IFCHR:
            case S_IFBLK:
                entry.kind = S_ISCHR(status.st_mode) ? EntryKind::character_device : EntryKind::block_device;
                entry.device_major = major(status.st_rdev);
                entry.device_minor = minor(status.st_rdev);
                break;
            default:
                return {};  // a socket means something only to the process that made it
        }
        entry.xattrs = TRY(XattrTarget(parent, name).read());
        return visit_(entry, oci::BorrowedFd());
    }

    /// Described from the descriptor that is read: the name may have changed its meaning meanwhile.
    oci::Result<void> visit_file(oci::BorrowedFd parent, const std::string& path, const std::string& name) {
        const oci::Fd file = TRY(oci::open_at(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        const struct stat status = TRY(oci::status_of(file));
        if (!S_ISREG(status.st_mode)) return oci::failure("it changed while it was read");
        Entry entry = describe(status, path);
        entry.size = static_cast<std::uint64_t>(status.st_size);
        entry.xattrs = TRY(XattrTarget(file).read());
        return visit_(entry, file);
    }

    oci::BorrowedFd root_;
    const VisitEntry& visit_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
};

}  // namespace

oci::Result<Entry> describe_directory(oci::BorrowedFd directory, std::string name) {
    const struct stat status = TRY(oci::status_of(directory));
    Entry entry = describe(status, std::move(name));
    entry.kind = EntryKind::directory;
    entry.xattrs = TRY(XattrTarget(directory).read());
    return entry;
}

oci::Result<void> scan_tree(oci::BorrowedFd directory, const VisitEntry& visit) {
    return Scan(directory, visit).visit_directory("");
}

}  // namespace ocimg
