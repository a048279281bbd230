#include "imagetool/layer/layer_root.hpp"

#include <sys/xattr.h>

#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/layer/copy_up.hpp"

namespace ocimg {
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::size_t cached_directories = 256;
constexpr int link_limit = 255;
constexpr oci::Lookup without_links{.follow_last = false, .no_symlinks = true};

Timestamp time_of(const struct stat& status) {
    return {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
}

bool is_dots(const std::string& name) {
    return name == "." || name == "..";
}

}  // namespace

/// A lookup by hand, for paths with symbolic links or missing parts: one component at a time, each
/// opened without following links, so that the place reached is known without any.
class LayerRoot::Walk {
public:
    Walk(LayerRoot& root, const std::string& path, MissingDirectories missing)
        : root_(root), missing_(missing), here_(root.root_) {
        push(path);
    }

    oci::Result<DirectoryPtr> run() {
        while (!pending_.empty() && here_ != nullptr) {
            const std::string name = std::move(pending_.back());
            pending_.pop_back();
            if (name.empty() || name == ".") continue;
            TRY(name == ".." ? go_up() : enter(name));
        }
        return here_;
    }

private:
    void push(const std::string& path) {
        const std::vector<std::string> parts = oci::split(path, '/');
        pending_.insert(pending_.end(), parts.rbegin(), parts.rend());
    }

    oci::Result<void> go_up() {
        const std::size_t slash = here_->path.rfind('/');
        here_ = TRY(root_.open_canonical(slash == std::string::npos ? "" : here_->path.substr(0, slash)));
        return {};
    }

    oci::Result<void> enter(const std::string& name) {
        oci::Fd fd(::openat(here_->fd.get(), name.c_str(), directory_flags));
        if (fd.is_open()) {
            here_ = TRY(root_.adopt(std::move(fd), here_->path_of(name)));
            return {};
        }
        const int reason = errno;
        if (reason == ELOOP || reason == ENOTDIR) return follow_or_replace(name);
        if (reason != ENOENT)
            return oci::system_failure(reason, "open directory " + oci::quote(here_->path_of(name)));
        const LowerFile lower = TRY(root_.find_lower(*here_, name));
        if (S_ISLNK(lower.mode)) return follow(name, TRY(link_target_of(lower)));
        if (!S_ISDIR(lower.mode)) return make(name);
        here_ = TRY(root_.copy_directory_up(*here_, name, lower));
        return {};
    }

    oci::Result<void> follow_or_replace(const std::string& name) {
        std::string target(PATH_MAX, '\0');
        const ssize_t size = ::readlinkat(here_->fd.get(), name.c_str(), target.data(), target.size());
        if (size < 0 && errno != EINVAL) {
            return oci::last_system_failure("read link " + oci::quote(here_->path_of(name)));
        }
        if (size < 0) {  // neither directory nor link
            if (missing_ == MissingDirectories::make) TRY(root_.remove(*here_, name));
            TRY(make(name));
            return here_ == nullptr ? oci::Result<void>() : root_.hide_lower(*here_);
        }
        target.resize(static_cast<std::size_t>(size));
        return follow(name, target);
    }

    oci::Result<void> follow(const std::string& name, const std::string& target) {
        if (++links_ > link_limit) {
            return oci::system_failure(ELOOP, "resolve link " + oci::quote(here_->path_of(name)));
        }
        if (target.front() == '/') here_ = root_.root_;
        push(target);
        if (pending_.size() > PATH_MAX) {
            return oci::system_failure(ENAMETOOLONG, "resolve link " + oci::quote(here_->path_of(name)));
        }
        return {};
    }

    oci::Result<void> make(const std::string& name) {
        here_ = missing_ == MissingDirectories::leave ? nullptr : TRY(root_.make_child(*here_, name));
        return {};
    }

    LayerRoot& root_;
    MissingDirectories missing_;
    DirectoryPtr here_;
    std::vector<std::string> pending_;  // last first
    int links_ = 0;
};

oci::Result<LayerRoot> LayerRoot::open(oci::BorrowedFd rootfs, ApplyObserver* observer) {
    LayerRoot root;
    root.observer_ = observer;
    oci::Fd fd = TRY(oci::open_at(rootfs, ".", O_RDONLY | O_DIRECTORY));
    root.lower_is_empty_ = TRY(oci::list_directory(fd)).empty();
    root.root_ = TRY(root.adopt(std::move(fd), ""));
    return root;
}

oci::Result<LayerRoot> LayerRoot::open_above(oci::BorrowedFd rootfs, LowerLayers lower) {
    LayerRoot root;
    root.lower_ = std::move(lower);
    root.root_ = TRY(root.adopt(TRY(oci::open_at(rootfs, ".", O_RDONLY | O_DIRECTORY)), ""));
    const LowerFile top = TRY(root.lower_->find(""));
    TRY(copy_directory_attributes(top, root.root_->fd).in("root directory"));
    root.times_[""] = TRY(time_of_lower(top));
    return root;
}

oci::Result<DirectoryPtr> LayerRoot::directory(const std::string& path, MissingDirectories missing) {
    if (path.empty()) return root_;
    const auto found = cache_.find(path);
    if (found != cache_.end()) {
        uses_.splice(uses_.begin(), uses_, found->second.use);
        return found->second.directory;
    }
    oci::Result<oci::Fd> fd = oci::open_in_root(root_->fd, path, O_RDONLY | O_DIRECTORY, 0, without_links);
    DirectoryPtr directory;
    if (fd.has_value()) {
        directory = TRY(adopt(std::move(fd).value(), path));
    } else {
        directory = TRY(Walk(*this, path, missing).run());
    }
    if (directory != nullptr) remember(path, directory);
    return directory;
}

oci::Result<DirectoryPtr> LayerRoot::open_canonical(const std::string& canonical_path) {
    if (canonical_path.empty()) return root_;
    oci::Fd fd = TRY(oci::open_in_root(root_->fd, canonical_path, O_RDONLY | O_DIRECTORY, 0, without_links));
    return adopt(std::move(fd), canonical_path);
}

oci::Result<DirectoryPtr> LayerRoot::adopt(oci::Fd fd, std::string canonical_path) {
    if (!times_.contains(canonical_path)) {
        const struct stat status = TRY(oci::status_of(fd));
        times_.emplace(canonical_path, time_of(status));
    }
    auto directory = std::make_shared<OpenDirectory>();
    directory->has_default_acl = ::fgetxattr(fd.get(), "system.posix_acl_default", nullptr, 0) > 0;
    directory->fd = std::move(fd);
    directory->path = std::move(canonical_path);
    return DirectoryPtr(std::move(directory));
}

void LayerRoot::remember(const std::string& path, DirectoryPtr directory) {
    if (cache_.contains(path) || path.empty()) return;
    if (cache_.size() >= cached_directories) {
        cache_.erase(uses_.back());
        uses_.pop_back();
    }
    uses_.push_front(path);
    cache_.emplace(path, Cached{std::move(directory), uses_.begin()});
}

oci::Result<void> LayerRoot::refresh(const std::string& canonical_path) {
    cache_.clear();
    uses_.clear();
    if (canonical_path.empty()) root_ = TRY(adopt(TRY(oci::duplicate(root_->fd)), ""));
    return {};
}

oci::Result<DirectoryPtr> LayerRoot::make_child(const OpenDirectory& parent, const std::string& name) {
    const std::string path = parent.path_of(name);
    if (::mkdirat(parent.fd.get(), name.c_str(), 0755) != 0) {
        return oci::last_system_failure("make directory " + oci::quote(path));
    }
    oci::Fd fd = TRY(oci::open_at(parent.fd, name, directory_flags));
    const struct stat status = TRY(oci::status_of(fd));
    // A set-group-id parent passes on its group and the bit.
    const bool is_owned = status.st_uid == uid_ && status.st_gid == gid_;
    if (!is_owned && ::fchown(fd.get(), uid_, gid_) != 0) {
        return oci::last_system_failure("change owner of " + oci::quote(path));
    }
    if ((status.st_mode & 07777U) != 0755 && ::fchmod(fd.get(), 0755) != 0) {
        return oci::last_system_failure("change mode of " + oci::quote(path));
    }
    times_[path] = Timestamp{};
    mark_made(path);
    if (observer_ != nullptr) {
        Entry implied;
        implied.kind = EntryKind::directory;
        implied.mode = 0755;
        implied.uid = uid_;
        implied.gid = gid_;
        TRY(observer_->made(path, implied, 0, status.st_ino));
    }
    return adopt(std::move(fd), path);
}

void LayerRoot::mark_made(const std::string& canonical_path) {
    if (lower_is_empty_) return;
    std::string path = canonical_path;
    while (made_.insert(path).second) {
        const std::size_t slash = path.rfind('/');
        if (slash == std::string::npos) return;
        path.resize(slash);
    }
}

bool LayerRoot::is_made(const std::string& canonical_path) const {
    return lower_is_empty_ || made_.contains(canonical_path);
}

/// Drops all that is known about places that may lead elsewhere now.
void LayerRoot::forget_below(const std::string& canonical_path) {
    cache_.clear();
    uses_.clear();
    times_.erase(canonical_path);
    const std::string start = canonical_path + "/";
    auto place = times_.lower_bound(start);
    while (place != times_.end() && place->first.compare(0, start.size(), start) == 0) {
        place = times_.erase(place);
    }
}

oci::Result<void> LayerRoot::remove(const OpenDirectory& parent, const std::string& name) {
    struct stat status {};
    if (::fstatat(parent.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return {};
        return oci::last_system_failure("look up " + oci::quote(parent.path_of(name)));
    }
    if (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode)) forget_below(parent.path_of(name));
    if (S_ISDIR(status.st_mode) && lower_.has_value()) lower_->forget_below(parent.path_of(name));
    if (S_ISDIR(status.st_mode)) {
        TRY(oci::remove_tree(parent.fd, name));
    } else {
        TRY(oci::remove_file(parent.fd, name));
    }
    return observer_ == nullptr ? oci::Result<void>() : observer_->removed(parent.path_of(name));
}

oci::Result<void> LayerRoot::remove_lower(const OpenDirectory& parent, const std::string& name) {
    const std::string path = parent.path_of(name);
    if (!is_made(path)) {
        TRY(remove(parent, name));
        if (!TRY(find_lower(parent, name)).is_there()) return {};
        return make_overlay_whiteout(parent.fd, name);
    }
    oci::Fd fd(::openat(parent.fd.get(), name.c_str(), directory_flags));
    if (!fd.is_open()) return {};  // a file or link of this layer, or gone
    return remove_lower_children(*TRY(adopt(std::move(fd), path)));
}

oci::Result<void> LayerRoot::remove_lower_children(const OpenDirectory& directory) {
    if (lower_is_empty_ || cleared_.contains(directory.path)) return {};
    if (lower_.has_value()) {
        TRY(hide_lower_children(directory));
        cleared_.insert(directory.path);
        return {};
    }
    for (const std::string& name : TRY(oci::list_directory(directory.fd))) {
        if (!is_dots(name)) TRY(remove_lower(directory, name));
    }
    cleared_.insert(directory.path);
    return {};
}

void LayerRoot::set_directory_time(const std::string& canonical_path, const Timestamp& time) {
    times_[canonical_path] = time;
}

oci::Result<void> LayerRoot::restore_directory_times() {
    for (const auto& [path, time] : times_) {
        oci::Fd opened;
        oci::BorrowedFd fd = root_->fd;
        if (!path.empty()) {
            oci::Result<oci::Fd> result =
                oci::open_in_root(root_->fd, path, O_RDONLY | O_DIRECTORY, 0, without_links);
            if (!result.has_value()) continue;  // replaced by something else meanwhile
            opened = std::move(result).value();
            fd = opened;
        }
        const struct timespec times[2] = {{0, UTIME_OMIT},
                                          {time.seconds, static_cast<long>(time.nanoseconds)}};
        if (::futimens(fd.get(), times) != 0)
            return oci::last_system_failure("set time of " + oci::quote(path));
    }
    return {};
}

}  // namespace ocimg
