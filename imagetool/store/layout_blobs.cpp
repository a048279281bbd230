// The part of Layout that looks after its blobs as files: who writes them, which there are.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/interruption.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/store/layout.hpp"
#include "spec/image/digest.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr oci::Lookup no_links{.follow_last = false, .no_symlinks = true};

Result<Fd> open_blobs(BorrowedFd root) {
    return oci::open_in_root(root, "blobs", O_RDONLY | O_DIRECTORY, 0, no_links);
}

/// False: somebody else holds it, and `how` said not to wait.
Result<bool> lock_file(BorrowedFd file, int how) {
    while (::flock(file.get(), how) != 0) {
        if (errno == EWOULDBLOCK) return false;
        if (errno != EINTR) return oci::last_system_failure("lock");
        TRY(oci::check_interruption());
    }
    return true;
}

Result<void> list_algorithm(BorrowedFd root, const std::string& algorithm, std::vector<StoredFile>& files) {
    const std::string folder = "blobs/" + algorithm;
    const auto directory = oci::open_in_root(root, folder, O_RDONLY | O_DIRECTORY, 0, no_links);
    if (!directory.has_value()) return {};  // a file beside the algorithms' directories
    for (const std::string& name : TRY(oci::list_directory(*directory))) {
        const struct stat status = TRY(oci::status_at(*directory, name).in(folder + "/" + name));
        if (S_ISDIR(status.st_mode)) continue;
        const auto digest = oci::spec::Digest::parse(algorithm + ":" + name);
        files.push_back({.path = folder + "/" + name,
                         .digest = digest.has_value() ? digest->text() : std::string(),
                         .size = static_cast<std::uint64_t>(status.st_size)});
    }
    return {};
}

}  // namespace

Result<void> Layout::begin_writing() const {
    const std::lock_guard<std::mutex> guard(writing_->mutex);
    if (writing_->blobs.is_open()) return {};
    Fd blobs = TRY(open_blobs(root_));
    TRY(lock_file(blobs, LOCK_SH));
    writing_->blobs = std::move(blobs);
    return {};
}

Result<LayoutQuiet> Layout::wait_for_writers() const {
    const std::string context = "layout " + oci::quote(path_);
    for (;;) {
        // Never waiting for one lock while holding the other: writers take them in either order.
        Fd blobs = TRY(open_blobs(root_).in(context));
        TRY(lock_file(blobs, LOCK_EX).in(context));
        TRY(lock_file(blobs, LOCK_UN).in(context));
        LayoutLock layout = TRY(lock());
        if (TRY(lock_file(blobs, LOCK_EX | LOCK_NB).in(context))) {
            return LayoutQuiet{.lock = std::move(layout), .blobs = std::move(blobs)};
        }
    }
}

Result<std::vector<StoredFile>> Layout::list_blobs() const {
    const std::string context = "layout " + oci::quote(path_);
    const Fd blobs = TRY(open_blobs(root_).in(context));
    std::vector<StoredFile> files;
    for (const std::string& algorithm : TRY(oci::list_directory(blobs).in(context)))
        TRY(list_algorithm(root_, algorithm, files).in(context));
    return files;
}

Result<void> Layout::remove_blob_file(const StoredFile& file) const {
    const std::size_t slash = file.path.rfind('/');
    const Fd directory =
        TRY(oci::open_in_root(root_, file.path.substr(0, slash), O_PATH | O_DIRECTORY, 0, no_links));
    return oci::remove_file(directory, file.path.substr(slash + 1)).in("layout " + oci::quote(path_));
}

Result<void> Layout::remove_partial_blobs(const LayoutQuiet&) const {
    return oci::remove_tree(root_, partial_directory).in("layout " + oci::quote(path_));
}

Result<std::string> Layout::index_identity() const {
    const struct stat status = TRY(oci::status_at(root_, "index.json").in("layout " + oci::quote(path_)));
    return std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
           std::to_string(status.st_ctim.tv_sec) + "." + std::to_string(status.st_ctim.tv_nsec);
}

}  // namespace ocimg
