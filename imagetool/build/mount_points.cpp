#include "imagetool/build/mount_points.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <deque>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::Fd;
using oci::quote;
using oci::Result;

constexpr int most_links = 40;

std::string joined(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

std::deque<std::string> components_of(const std::string& path) {
    std::deque<std::string> components;
    for (std::string& part : oci::split(oci::clean_path("/" + path), '/'))
        if (!part.empty()) components.push_back(std::move(part));
    return components;
}

/// Where a path leads in the image.
struct Place {
    std::string existing;             // the deepest directory that is there, without links
    std::deque<std::string> missing;  // below it
    mode_t mode = 0;                  // of what stands there, when nothing is missing
};

class Locator {
public:
    explicit Locator(BorrowedFd image) : image_(image) {}

    Result<Place> locate(const std::string& path) {
        Place place;
        place.missing = components_of(path);
        place.mode = S_IFDIR;
        int links = 0;
        while (!place.missing.empty()) {
            const std::string next = joined(place.existing, place.missing.front());
            const auto opened = oci::open_in_root(image_, next, O_PATH, 0, {.follow_last = false});
            if (!opened) {
                if (opened.error().code == ErrorCode::not_found) return place;
                return opened.error();
            }
            const struct stat status = TRY(oci::status_of(*opened));
            place.missing.pop_front();
            if (S_ISLNK(status.st_mode)) {
                if (++links > most_links) return oci::failure(ErrorCode::invalid, "too many links");
                TRY(follow(next, place));
                continue;
            }
            if (!place.missing.empty() && !S_ISDIR(status.st_mode))
                return oci::failure(ErrorCode::invalid, quote("/" + next) + " is no directory");
            place.existing = next;
            place.mode = status.st_mode;
        }
        return place;
    }

private:
    /// Puts a link's target in front of what is still to be looked up.
    Result<void> follow(const std::string& link, Place& place) {
        std::string text(PATH_MAX, '\0');
        const Fd opened = TRY(oci::open_in_root(image_, link, O_PATH, 0, {.follow_last = false}));
        const ssize_t size = ::readlinkat(opened.get(), "", text.data(), text.size());
        if (size < 0) return oci::last_system_failure("read link " + quote("/" + link));
        text.resize(static_cast<std::size_t>(size));
        // ".." is resolved by text: what is in front of it has no links any more.
        std::string target = text.starts_with('/') ? text : "/" + place.existing + "/" + text;
        for (const std::string& component : place.missing) target += "/" + component;
        place.existing.clear();
        place.missing = components_of(target);
        place.mode = S_IFDIR;
        return {};
    }

    BorrowedFd image_;
};

/// Opens the directory `path` of the layer, made like those of the image.
Result<Fd> replicate(BorrowedFd image, const std::string& path, BorrowedFd layer) {
    std::string done;
    Fd directory = TRY(oci::open_at(layer, ".", O_RDONLY | O_DIRECTORY));
    for (const std::string& component : components_of(path)) {
        done = joined(done, component);
        const auto made = oci::make_directory(directory, component, 0755);
        if (!made && made.error().code != ErrorCode::exists) return made.error();
        directory = TRY(oci::open_at(BorrowedFd(directory), component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        if (!made) continue;
        const Fd original = TRY(oci::open_in_root(image, done, O_RDONLY | O_DIRECTORY));
        TRY(copy_attributes(original, directory));
    }
    return directory;
}

Result<void> make_one(BorrowedFd image, const MountPoint& point, BorrowedFd layer) {
    const Place place = TRY(Locator(image).locate(point.path));
    if (place.missing.empty()) {
        if (S_ISDIR(place.mode) == point.directory) return {};
        return oci::failure(ErrorCode::invalid, point.directory ? "a directory cannot be mounted on a file"
                                                                : "a file cannot be mounted on a directory");
    }
    if (!S_ISDIR(place.mode))
        return oci::failure(ErrorCode::invalid, quote("/" + place.existing) + " is no directory");
    Fd directory = TRY(replicate(image, place.existing, layer));
    for (std::size_t i = 0; i < place.missing.size(); ++i) {
        const std::string& name = place.missing[i];
        if (i + 1 == place.missing.size() && !point.directory) {
            TRY(oci::open_at(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW, 0644));
            break;
        }
        const auto made = oci::make_directory(directory, name, 0755);
        if (!made && made.error().code != ErrorCode::exists) return made.error();
        directory = TRY(oci::open_at(BorrowedFd(directory), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    }
    return {};
}

/// The times of the directories that got something new.
Result<void> restore_times(BorrowedFd image, BorrowedFd layer, const std::string& path) {
    const Fd original = TRY(oci::open_in_root(image, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
    const Fd directory = TRY(oci::open_in_root(layer, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(oci::list_directory(directory))) {
        const std::string inner = joined(path, name);
        if (!oci::open_in_root(image, inner, O_PATH | O_DIRECTORY, 0, {.follow_last = false})) continue;
        TRY(restore_times(image, layer, inner));
    }
    return copy_attributes(original, directory);
}

}  // namespace

Result<void> copy_attributes(BorrowedFd original, BorrowedFd copy) {
    const struct stat status = TRY(oci::status_of(original));
    if (::fchown(copy.get(), status.st_uid, status.st_gid) != 0) return oci::last_system_failure("chown");
    if (::fchmod(copy.get(), status.st_mode & 07777U) != 0) return oci::last_system_failure("chmod");
    for (const auto& [name, value] : TRY(XattrTarget(original).read()))
        TRY(XattrTarget(copy).set(name, value));
    const struct timespec times[2] = {status.st_mtim, status.st_mtim};
    if (::futimens(copy.get(), times) != 0) return oci::last_system_failure("set times");
    return {};
}

Result<void> make_mount_points(BorrowedFd image, const std::vector<MountPoint>& points, BorrowedFd layer) {
    for (const MountPoint& point : points)
        TRY(make_one(image, point, layer).in("mount point " + quote(point.path)));
    return restore_times(image, layer, "");
}

}  // namespace ocimg::build
