#include "base/path_walk.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"

namespace oci {

namespace {

constexpr int most_links = 40;
constexpr long procfs_magic = 0x9fa0;

/// The state of one walk: directories from the root down to where it stands, and the names to come.
class Walk {
public:
    Walk(BorrowedFd root, int flags, mode_t mode, const Lookup& lookup)
        : root_(root), flags_(flags), mode_(mode), lookup_(lookup) {}

    Result<Fd> run(std::string_view path) {
        queue(path);
        if (names_.empty()) return reopen_current();
        for (;;) {
            const std::string name = std::move(names_.front());
            names_.pop_front();
            if (name == "..") {
                if (!below_.empty()) below_.pop_back();
                if (names_.empty()) return reopen_current();
                continue;
            }
            Fd opened = TRY(step(name));
            if (opened.is_open()) return opened;
            if (names_.empty()) return reopen_current();
        }
    }

private:
    [[nodiscard]] BorrowedFd current() const { return below_.empty() ? root_ : below_.back().borrow(); }

    void queue(std::string_view path) {
        std::vector<std::string> parts;
        for (std::string& part : split(path, '/')) {
            if (!part.empty() && part != ".") parts.push_back(std::move(part));
        }
        names_.insert(names_.begin(), parts.begin(), parts.end());
    }

    Result<Fd> reopen_current() { return open_at(current(), ".", flags_ & ~(O_CREAT | O_EXCL)); }

    /// Goes one name further: an open descriptor means that the walk has ended there.
    Result<Fd> step(const std::string& name) {
        const bool last = names_.empty();
        Fd found(::openat(current().get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!found.is_open()) {
            if (errno == ENOENT && last && (flags_ & O_CREAT) != 0) {
                return open_at(current(), name, flags_ | O_NOFOLLOW | O_EXCL, mode_);
            }
            return last_system_failure("open " + name);
        }
        const struct stat status = TRY(status_of(found));
        TRY(check_crossing(status));
        const bool final_link_wanted = last && (!lookup_.follow_last || (flags_ & O_NOFOLLOW) != 0);
        if (S_ISLNK(status.st_mode) && !final_link_wanted) return follow(found);
        if (last) return finish(name, found, status);
        if (!S_ISDIR(status.st_mode)) return system_failure(ENOTDIR, "open " + name);
        below_.push_back(std::move(found));
        return Fd();
    }

    Result<void> check_crossing(const struct stat& status) const {
        if (!lookup_.no_crossing) return {};
        const struct stat here = TRY(status_of(current()));
        if (here.st_dev != status.st_dev) return system_failure(EXDEV, "open");
        return {};
    }

    Result<Fd> follow(const Fd& link) {
        if (lookup_.no_symlinks || ++links_ > most_links) return system_failure(ELOOP, "open");
        struct statfs filesystem {};
        if (::fstatfs(link.get(), &filesystem) == 0 && filesystem.f_type == procfs_magic && is_magic(link)) {
            return system_failure(ELOOP, "open");
        }
        std::array<char, PATH_MAX> target{};
        const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
        if (length < 0) return last_system_failure("readlink");
        const std::string_view text(target.data(), static_cast<std::size_t>(length));
        if (!text.empty() && text.front() == '/') below_.clear();
        queue(text);
        return Fd();
    }

    /// A link of procfs whose own size is not the length of its text leads to an object, not to a path.
    static bool is_magic(const Fd& link) {
        const auto path = path_of(link);
        if (!path) return true;
        return path->find("/fd/") != std::string::npos || path->find("/ns/") != std::string::npos ||
               path->ends_with("/exe") || path->ends_with("/cwd") || path->ends_with("/root") ||
               path->find("/map_files/") != std::string::npos;
    }

    Result<Fd> finish(const std::string& name, Fd& found, const struct stat& status) {
        if ((flags_ & O_PATH) != 0) {
            if ((flags_ & O_DIRECTORY) != 0 && !S_ISDIR(status.st_mode))
                return system_failure(ENOTDIR, "open " + name);
            return std::move(found);
        }
        Fd opened = TRY(open_at(current(), name, flags_ | O_NOFOLLOW, mode_));
        const struct stat now = TRY(status_of(opened));
        if (now.st_ino != status.st_ino || now.st_dev != status.st_dev)
            return system_failure(EAGAIN, "open " + name);
        return opened;
    }

    BorrowedFd root_;
    int flags_;
    mode_t mode_;
    Lookup lookup_;
    std::vector<Fd> below_;
    std::deque<std::string> names_;
    int links_ = 0;
};

}  // namespace

Result<Fd> walk_in_root(BorrowedFd root, std::string_view path, int flags, mode_t mode,
                        const Lookup& lookup) {
    return Walk(root, flags, mode, lookup).run(path);
}

}  // namespace oci
