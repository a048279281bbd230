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
#include "imagetool/layer/overlay_format.hpp"
#include "imagetool/layer/whiteout.hpp"
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

oci::Error cannot_be_stored(const std::string& path) {
    return oci::failure(
        oci::ErrorCode::invalid,
        oci::quote(path) + " cannot be stored in a layer: names that start with .wh. mark deletions");
}

/// A name of a directory with what lstat says of it.
struct Child {
    std::string name;
    struct stat status {};
    bool is_whiteout = false;
};

class Scan {
public:
    Scan(oci::BorrowedFd root, const ScanOptions& options, const VisitEntry& visit)
        : root_(root), options_(options), visit_(visit) {}

    /// Visits what the directory holds; `prefix` is its path with a slash at its end, or empty.
    oci::Result<void> visit_directory(const std::string& prefix) {
        oci::Fd directory = TRY(open_directory(prefix));
        const std::vector<Child> children = TRY(list(directory, prefix));
        if (options_.overlay_upper && !prefix.empty() && TRY(is_opaque(directory)))
            TRY(visit_whiteout(prefix + std::string(opaque_whiteout_name)));
        for (const Child& child : children) {
            if (child.is_whiteout) {
                TRY(visit_whiteout(prefix + std::string(whiteout_prefix) + child.name));
                continue;
            }
            if (!S_ISDIR(child.status.st_mode)) {
                TRY(visit_other(directory, prefix + child.name, child.name, child.status)
                        .in(oci::quote(prefix + child.name)));
                continue;
            }
            TRY(visit_subdirectory(directory, prefix, child.name));
            // Only one directory is open at a time: trees may be deeper than the limit of open files.
            directory.reset();
            TRY(visit_directory(prefix + child.name + "/"));
            directory = TRY(open_directory(prefix));
        }
        return {};
    }

private:
    /// What counts of a directory, in the order of a layer: whiteouts first, both parts sorted by name.
    oci::Result<std::vector<Child>> list(oci::BorrowedFd directory, const std::string& prefix) {
        std::vector<Child> children;
        for (std::string& name : TRY(oci::list_directory(directory))) {
            if (options_.leaves_out && options_.leaves_out(prefix + name)) continue;
            if (is_whiteout_name(name)) return cannot_be_stored(prefix + name);
            Child child;
            child.status = TRY(oci::status_at(directory, name).in(oci::quote(prefix + name)));
            child.is_whiteout = options_.overlay_upper && is_overlay_whiteout(child.status);
            child.name = std::move(name);
            children.push_back(std::move(child));
        }
        std::sort(children.begin(), children.end(), [](const Child& left, const Child& right) {
            if (left.is_whiteout != right.is_whiteout) return left.is_whiteout;
            return left.name < right.name;
        });
        return children;
    }

    oci::Result<void> visit_whiteout(std::string path) {
        Entry entry;
        entry.name = std::move(path);
        return visit_(entry, oci::BorrowedFd());
    }

    /// The attributes that a layer carries: those that readers of the tree would see.
    oci::Result<void> take_xattrs(const XattrTarget& target, Entry& entry) {
        if (!options_.overlay_upper) {
            entry.xattrs = TRY(target.read());
            return {};
        }
        for (auto& [name, value] : TRY(target.read_all())) {
            if (name.ends_with(".overlay.redirect") || name.ends_with(".overlay.metacopy")) {
                return oci::failure(oci::ErrorCode::unsupported,
                                    "the overlay keeps only a part of it (" + name +
                                        "): mount with redirect_dir=nofollow,metacopy=off");
            }
            OverlayAttributeMeaning meaning = overlay_meaning_of(name);
            if (!meaning.is_mark) entry.xattrs.emplace(std::move(meaning.name), value);
        }
        return {};
    }

    oci::Result<oci::Fd> open_directory(const std::string& prefix) {
        return oci::open_in_root(root_, prefix.empty() ? "." : prefix, O_RDONLY | O_DIRECTORY, 0,
                                 {.follow_last = false, .no_symlinks = true});
    }

    oci::Result<void> visit_subdirectory(oci::BorrowedFd parent, const std::string& prefix,
                                         const std::string& name) {
        const std::string context = oci::quote(prefix + name);
        const oci::Fd directory = TRY(oci::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        Entry entry = describe(TRY(oci::status_of(directory)), prefix + name + "/");
        entry.kind = EntryKind::directory;
        TRY(take_xattrs(XattrTarget(directory), entry).in(context));
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
        TRY(take_xattrs(XattrTarget(parent, name), entry));
        return visit_(entry, oci::BorrowedFd());
    }

    /// Described from the descriptor that is read: the name may have changed its meaning meanwhile.
    oci::Result<void> visit_file(oci::BorrowedFd parent, const std::string& path, const std::string& name) {
        const oci::Fd file = TRY(oci::open_at(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        const struct stat status = TRY(oci::status_of(file));
        if (!S_ISREG(status.st_mode)) return oci::failure("it changed while it was read");
        Entry entry = describe(status, path);
        entry.size = static_cast<std::uint64_t>(status.st_size);
        TRY(take_xattrs(XattrTarget(file), entry));
        return visit_(entry, file);
    }

    oci::BorrowedFd root_;
    const ScanOptions& options_;
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

oci::Result<void> scan_tree(oci::BorrowedFd directory, const ScanOptions& options, const VisitEntry& visit) {
    return Scan(directory, options, visit).visit_directory("");
}

oci::Result<void> scan_tree(oci::BorrowedFd directory, const VisitEntry& visit) {
    return scan_tree(directory, ScanOptions{}, visit);
}

}  // namespace ocimg
