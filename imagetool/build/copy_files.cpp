#include "imagetool/build/copy_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/build/walk_files.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

/// A directory that is being filled. Its times are set when the copy leaves it.
struct OpenCopy {
    std::string path;  // below the copied directory
    Fd directory;
    struct timespec modified {};
};

class TreeCopy {
public:
    TreeCopy(BorrowedFd rootfs, FileMaker& maker, BorrowedFd destination)
        : rootfs_(rootfs), maker_(maker), destination_(destination) {}

    Result<void> copy(const VisitedFile& file) {
        TRY(leave_until(file.path));
        const PlaceInDirectory place{.directory = current(), .name = file.name};
        if (S_ISDIR(file.status.st_mode)) return enter(file, place);
        if (!S_ISREG(file.status.st_mode))
            return maker_.copy_other({file.parent, file.name}, file.status, place);
        const Fd content =
            TRY(oci::open_at(file.parent, file.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
        const struct stat status = TRY(oci::status_of(content));
        if (!S_ISREG(status.st_mode)) return failure("it changed while it was read");
        return maker_.copy_file(content, status, place);
    }

    Result<void> finish() {
        while (!open_.empty()) TRY(leave());
        return {};
    }

private:
    [[nodiscard]] BorrowedFd current() const {
        return open_.empty() ? destination_ : open_.back().directory.borrow();
    }

    Result<void> enter(const VisitedFile& file, const PlaceInDirectory& place) {
        const Fd original = TRY(oci::open_at(file.parent, file.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        const auto made = oci::make_directory(place.directory, place.name, 0700);
        if (!made && made.error().code != ErrorCode::exists) return made.error();
        Fd directory = TRY(open_existing(place));
        TRY(maker_.copy_directory_attributes(original, file.status, directory));
        open_.push_back({file.path, std::move(directory), maker_.time_for(file.status)});
        return {};
    }

    /// A directory, or a link to one inside the root.
    Result<Fd> open_existing(const PlaceInDirectory& place) {
        auto directory = oci::open_at(place.directory, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (directory ||
            (directory.error().system_errno != ENOTDIR && directory.error().system_errno != ELOOP))
            return directory;
        const std::string root = TRY(oci::path_of(rootfs_));
        const std::string parent = TRY(oci::path_of(place.directory));
        if (parent.starts_with(root)) {
            auto followed = oci::open_in_root(rootfs_, parent.substr(root.size()) + "/" + place.name,
                                              O_RDONLY | O_DIRECTORY);
            if (followed) return followed;
        }
        return failure(ErrorCode::invalid,
                       "a directory cannot take the place of the file " + quote(place.name));
    }

    Result<void> leave_until(const std::string& path) {
        while (!open_.empty() && !path.starts_with(open_.back().path + "/")) TRY(leave());
        return {};
    }

    Result<void> leave() {
        const struct timespec times[2] = {open_.back().modified, open_.back().modified};
        if (::futimens(open_.back().directory.get(), times) != 0)
            return oci::last_system_failure("set times of " + quote(open_.back().path));
        open_.pop_back();
        return {};
    }

    BorrowedFd rootfs_;
    FileMaker& maker_;
    BorrowedFd destination_;
    std::vector<OpenCopy> open_;
};

Result<Fd> open_directory_of(const SelectedFile& file) {
    return oci::open_at(BorrowedFd(file.place), ".", O_RDONLY | O_DIRECTORY);
}

bool is_directory_in(BorrowedFd rootfs, const std::string& path) {
    return oci::open_in_root(rootfs, path, O_PATH | O_DIRECTORY).has_value();
}

class Copier {
public:
    Copier(const FileTree& tree, BorrowedFd rootfs, const CopyRequest& request)
        : tree_(tree), rootfs_(rootfs), request_(request), attributes_(request.attributes) {
        if (tree.is_context && !attributes_.owner.has_value()) attributes_.owner = Owner{};
    }

    Result<void> copy(const SelectedFile& file) {
        std::string destination = request_.destination;
        if (!file.parents.empty()) destination += "/" + file.parents + "/";
        if (!S_ISDIR(file.status.st_mode)) return copy_one(file, destination);
        return copy_content(file, destination);
    }

private:
    Result<void> copy_content(const SelectedFile& file, std::string destination) {
        if (request_.keep_directories && !file.name.empty()) destination += "/" + file.name;
        const Fd directory =
            TRY(make_owned_directories(rootfs_, destination, maker_.owner_of_new()).in(quote(destination)));
        const Fd original = TRY(open_directory_of(file));
        if (request_.keep_directories)
            TRY(maker_.copy_directory_attributes(original, file.status, directory));
        const FileFilter filter{.ignore = tree_.ignore, .prefix = file.path, .exclude = request_.exclude};
        TreeCopy tree(rootfs_, maker_, directory);
        TRY(walk_files(original, filter, [&](const VisitedFile& visited) {
            return tree.copy(visited).in(quote(visited.path));
        }));
        return tree.finish();
    }

    Result<void> copy_one(const SelectedFile& file, const std::string& destination) {
        if (request_.exclude != nullptr && request_.exclude->is_ignored(file.name)) return {};
        std::string directory = destination;
        std::string name = file.name;
        const bool into_directory =
            destination.ends_with('/') || request_.several || is_directory_in(rootfs_, destination);
        if (!into_directory) {
            name = TRY(resolved_name(destination, directory));
        }
        const Fd parent =
            TRY(make_owned_directories(rootfs_, directory, maker_.owner_of_new()).in(quote(directory)));
        return write_one(file, {.directory = parent, .name = name}).in(quote(destination));
    }

    /// The directory and the last component of a destination that names a file, with a final link resolved.
    Result<std::string> resolved_name(std::string path, std::string& directory) {
        const auto existing = oci::open_in_root(rootfs_, path, O_PATH);
        if (existing) {
            const std::string root = TRY(oci::path_of(rootfs_));
            const std::string place = TRY(oci::path_of(*existing));
            if (place.starts_with(root)) path = "/" + place.substr(root.size());
        }
        path = oci::clean_path(path);
        const std::size_t slash = path.rfind('/');
        directory = path.substr(0, slash + 1);
        return path.substr(slash + 1);
    }

    Result<void> write_one(const SelectedFile& file, const PlaceInDirectory& place) {
        if (!S_ISREG(file.status.st_mode)) {
            const std::size_t slash = file.path.rfind('/');
            const std::string parent = slash == std::string::npos ? "." : file.path.substr(0, slash);
            const Fd directory = TRY(oci::open_in_root(tree_.root, parent, O_RDONLY | O_DIRECTORY));
            return maker_.copy_other({directory, file.path.substr(slash + 1)}, file.status, place);
        }
        const Fd content = TRY(oci::open_file("/proc/self/fd/" + std::to_string(file.place.get()), O_RDONLY));
        return maker_.copy_file(content, file.status, place);
    }

    const FileTree& tree_;
    BorrowedFd rootfs_;
    const CopyRequest& request_;
    CopiedAttributes attributes_;
    FileMaker maker_{attributes_};
};

}  // namespace

Result<Fd> make_owned_directories(BorrowedFd rootfs, const std::string& path, const Owner& owner) {
    std::string done = "/";
    Fd directory = TRY(oci::open_in_root(rootfs, done, O_RDONLY | O_DIRECTORY));
    for (const std::string& component : oci::split(oci::clean_path("/" + path), '/')) {
        if (component.empty()) continue;
        done += (done.size() > 1 ? "/" : "") + component;
        auto existing = oci::open_in_root(rootfs, done, O_RDONLY | O_DIRECTORY);
        if (existing) {
            directory = std::move(*existing);
            continue;
        }
        if (existing.error().system_errno == ENOTDIR)
            return failure(ErrorCode::invalid, quote(done) + " is a file, not a directory");
        // A link that leads nowhere is made whole where it leads to, inside the root.
        directory = TRY(oci::make_directories_in_root(rootfs, done, 0755));
        directory = TRY(oci::open_at(BorrowedFd(directory), ".", O_RDONLY | O_DIRECTORY));
        if (::fchown(directory.get(), owner.uid, owner.gid) != 0 || ::fchmod(directory.get(), 0755) != 0)
            return oci::last_system_failure("owner and mode of " + quote(done));
    }
    return directory;
}

Result<void> copy_files(const FileTree& tree, const SelectedFile& file, BorrowedFd rootfs,
                        const CopyRequest& request) {
    return Copier(tree, rootfs, request).copy(file);
}

Result<void> copy_directory(const FileTree& tree, const std::string& source, BorrowedFd destination) {
    const CopyRequest request{.destination = "/", .attributes = {}};
    for (const SelectedFile& file : TRY(select_files(tree, {.sources = {source}})))
        TRY(copy_files(tree, file, destination, request));
    return {};
}

}  // namespace ocimg::build
