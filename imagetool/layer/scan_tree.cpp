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

/// The attributes that a layer carries: those that readers of the tree would see.
oci::Result<std::map<std::string, std::string>> carried_xattrs(const XattrTarget& target,
                                                               bool overlay_upper) {
    if (!overlay_upper) return target.read();
    std::map<std::string, std::string> carried;
    for (auto& [name, value] : TRY(target.read_all())) {
        if (name.ends_with(".overlay.redirect") || name.ends_with(".overlay.metacopy")) {
            return oci::failure(oci::ErrorCode::unsupported,
                                "the overlay keeps only a part of it (" + name +
                                    "): mount with redirect_dir=nofollow,metacopy=off");
        }
        OverlayAttributeMeaning meaning = overlay_meaning_of(name);
        if (!meaning.is_mark) carried.emplace(std::move(meaning.name), value);
    }
    return carried;
}

/// Fills in what a descriptor of the file says: the name may have changed its meaning meanwhile.
oci::Result<void> describe_opened(OpenedEntry& opened, oci::Fd file, mode_t kind, bool overlay_upper) {
    opened.status = TRY(oci::status_of(file));
    if ((opened.status.st_mode & S_IFMT) != kind) return oci::failure("it changed while it was read");
    opened.entry = describe(opened.status, std::move(opened.entry.name));
    opened.entry.xattrs = TRY(carried_xattrs(XattrTarget(file), overlay_upper));
    if (kind == S_IFDIR) {
        opened.entry.kind = EntryKind::directory;
        opened.entry.name += '/';
        return {};
    }
    opened.entry.size = static_cast<std::uint64_t>(opened.status.st_size);
    opened.content = std::move(file);
    return {};
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
            TRY(visit(directory, prefix + child.name, child).in(oci::quote(prefix + child.name)));
            if (!S_ISDIR(child.status.st_mode)) continue;
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

    oci::Result<oci::Fd> open_directory(const std::string& prefix) {
        return oci::open_in_root(root_, prefix.empty() ? "." : prefix, O_RDONLY | O_DIRECTORY, 0,
                                 {.follow_last = false, .no_symlinks = true});
    }

    oci::Result<void> visit(oci::BorrowedFd parent, const std::string& path, const Child& child) {
        if (S_ISSOCK(child.status.st_mode)) return {};
        if (child.status.st_nlink > 1 && !S_ISDIR(child.status.st_mode)) {
            const auto [first, is_first] =
                first_names_.try_emplace({child.status.st_dev, child.status.st_ino}, path);
            if (!is_first) {
                Entry entry = describe(child.status, path);
                entry.kind = EntryKind::hard_link;
                entry.link_target = first->second;
                return visit_(entry, oci::BorrowedFd());
            }
        }
        OpenedEntry opened = TRY(open_entry(parent, child.name, path, options_.overlay_upper));
        return opened.is_socket ? oci::Result<void>() : visit_(opened.entry, opened.content);
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

oci::Result<OpenedEntry> open_entry(oci::BorrowedFd directory, const std::string& name,
                                    const std::string& path, bool overlay_upper) {
    OpenedEntry opened;
    opened.status = TRY(oci::status_at(directory, name));
    opened.entry = describe(opened.status, path);
    switch (opened.status.st_mode & S_IFMT) {
        case S_IFREG:
        case S_IFDIR: {
            const mode_t kind = opened.status.st_mode & S_IFMT;
            const int flags = O_RDONLY | O_NOFOLLOW | (kind == S_IFDIR ? O_DIRECTORY : O_NONBLOCK);
            TRY(describe_opened(opened, TRY(oci::open_at(directory, name, flags)), kind, overlay_upper));
            return opened;
        }
        case S_IFLNK:
            opened.entry.kind = EntryKind::symbolic_link;
            opened.entry.link_target = TRY(read_link(directory, name));
            break;
        case S_IFIFO:
            opened.entry.kind = EntryKind::fifo;
            break;
        case S_IFCHR:
        case S_IFBLK:
            opened.entry.kind =
                S_ISCHR(opened.status.st_mode) ? EntryKind::character_device : EntryKind::block_device;
            opened.entry.device_major = major(opened.status.st_rdev);
            opened.entry.device_minor = minor(opened.status.st_rdev);
            break;
        default:
            opened.is_socket = true;
            return opened;
    }
    opened.entry.xattrs = TRY(carried_xattrs(XattrTarget(directory, name), overlay_upper));
    return opened;
}

oci::Result<void> scan_tree(oci::BorrowedFd directory, const ScanOptions& options, const VisitEntry& visit) {
    return Scan(directory, options, visit).visit_directory("");
}

oci::Result<void> scan_tree(oci::BorrowedFd directory, const VisitEntry& visit) {
    return scan_tree(directory, ScanOptions{}, visit);
}

}  // namespace ocimg
