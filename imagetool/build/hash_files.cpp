#include "imagetool/build/hash_files.hpp"

#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/walk_files.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

class FileHasher {
public:
    FileHasher(const FileTree& tree, HashedFiles& hashed)
        : tree_(tree), hashed_(hashed), buffer_(128U << 10U) {}

    Result<void> add_selected(const SelectedFile& file, const dockerfile::IgnoreMatcher* exclude) {
        text("selected\n" + file.name + '\0' + file.parents + '\0');
        if (!S_ISDIR(file.status.st_mode)) return add_opened(file);
        describe(file.status, "");
        const Fd directory =
            TRY(oci::open_at(BorrowedFd(file.place), ".", O_RDONLY | O_DIRECTORY).in(oci::quote(file.path)));
        const FileFilter filter{.ignore = tree_.ignore, .prefix = file.path, .exclude = exclude};
        return walk_files(directory, filter, [&](const VisitedFile& visited) {
            return add_visited(visited).in(oci::quote(visited.path));
        });
    }

    void finish() { hashed_.digest = hasher_.finish(); }

private:
    void text(std::string_view data) { hasher_.update(bytes_of(data)); }

    void describe(const struct stat& status, const std::string& path) {
        std::string line = path;
        line.push_back('\0');
        line += std::to_string(status.st_mode);
        if (!tree_.is_context)
            line += " " + std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
        if (S_ISREG(status.st_mode)) line += " size " + std::to_string(status.st_size);
        if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
            line += " device " + std::to_string(major(status.st_rdev)) + ":" +
                    std::to_string(minor(status.st_rdev));
        line.push_back('\n');
        text(line);
        // The time of a directory says when somebody worked in it, not how old its content is.
        if (!S_ISDIR(status.st_mode))
            hashed_.newest = std::max<std::int64_t>(hashed_.newest, status.st_mtim.tv_sec);
        ++hashed_.files;
    }

    /// A file that was selected itself; it was opened with links resolved.
    Result<void> add_opened(const SelectedFile& file) {
        describe(file.status, "");
        if (!S_ISREG(file.status.st_mode)) return {};
        const Fd content = TRY(oci::open_file("/proc/self/fd/" + std::to_string(file.place.get()), O_RDONLY));
        return add_content(content, file.status).in(oci::quote(file.path));
    }

    Result<void> add_visited(const VisitedFile& file) {
        describe(file.status, file.path);
        if (S_ISLNK(file.status.st_mode)) {
            std::string target(PATH_MAX, '\0');
            const ssize_t size =
                ::readlinkat(file.parent.get(), file.name.c_str(), target.data(), target.size());
            if (size < 0) return oci::last_system_failure("read link");
            text(std::string_view(target).substr(0, static_cast<std::size_t>(size)));
        }
        if (!S_ISREG(file.status.st_mode)) return {};
        const Fd content =
            TRY(oci::open_at(file.parent, file.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
        return add_content(content, file.status);
    }

    Result<void> add_content(BorrowedFd file, const struct stat& expected) {
        const struct stat status = TRY(oci::status_of(file));
        if (!S_ISREG(status.st_mode) || status.st_size != expected.st_size)
            return oci::failure("it changed while it was read");
        for (;;) {
            const ssize_t count = ::read(file.get(), buffer_.data(), buffer_.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return oci::last_system_failure("read");
            if (count == 0) return {};
            hasher_.update(std::span(buffer_).first(static_cast<std::size_t>(count)));
            // A read that is not full was the last one of a regular file of this size.
            if (static_cast<off_t>(count) == status.st_size) return {};
        }
    }

    const FileTree& tree_;
    HashedFiles& hashed_;
    Hasher hasher_;
    std::vector<std::byte> buffer_;
};

}  // namespace

Result<HashedFiles> hash_files(const FileTree& tree, const std::vector<SelectedFile>& files,
                               const dockerfile::IgnoreMatcher* exclude) {
    HashedFiles hashed;
    FileHasher hasher(tree, hashed);
    for (const SelectedFile& file : files) TRY(hasher.add_selected(file, exclude));
    hasher.finish();
    return hashed;
}

}  // namespace ocimg::build
