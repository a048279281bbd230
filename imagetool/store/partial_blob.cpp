#include "imagetool/store/partial_blob.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/path_in_root.hpp"

namespace ocimg {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::Fd;
using oci::Result;

constexpr int most_attempts = 1000;
constexpr oci::Lookup no_links{.follow_last = false, .no_symlinks = true};

Result<void> make_directory_below(BorrowedFd layout, const std::string& path, mode_t mode) {
    auto made = oci::make_directory(layout, path, mode);
    if (!made && made.error().code != ErrorCode::exists) return made.error();
    return {};
}

std::string partial_path(const oci::spec::Digest& digest) {
    return std::string(partial_directory) + "/" + std::string(digest.algorithm()) + "-" +
           std::string(digest.encoded());
}

/// Opens and locks the file. Another process may have moved it to its place while we waited: then it is not
/// the file of that name any more, and the next one is opened.
Result<Fd> open_locked(BorrowedFd layout, const std::string& path) {
    for (int attempt = 0;; ++attempt) {
        TRY(make_directory_below(layout, partial_directory, 0700));
        auto opened = oci::open_in_root(layout, path, O_RDWR | O_CREAT, 0644, no_links);
        if (!opened) {
            // Somebody who found the directory empty has removed it just now.
            if (opened.error().code == ErrorCode::not_found && attempt < most_attempts) continue;
            return opened;
        }
        Fd file = std::move(*opened);
        while (::flock(file.get(), LOCK_EX) != 0) {
            TRY(oci::check_interruption());
            if (errno != EINTR) return oci::last_system_failure("lock " + path);
        }
        const struct stat held = TRY(oci::status_of(file));
        const auto named = oci::status_at(layout, path);
        if (named && named->st_ino == held.st_ino && named->st_dev == held.st_dev) return file;
    }
}

}  // namespace

Result<PartialBlob> PartialBlob::open(BorrowedFd layout, const oci::spec::Digest& digest,
                                      std::uint64_t size) {
    const HashAlgorithm algorithm = TRY(algorithm_of(digest.text()));
    Fd file = TRY(open_locked(layout, partial_path(digest)));
    PartialBlob blob(TRY(oci::duplicate(layout)), std::move(file), digest, algorithm);
    TRY(blob.take_what_is_there(size));
    return blob;
}

PartialBlob::PartialBlob(PartialBlob&& other) noexcept
    : layout_(std::move(other.layout_)),
      file_(std::move(other.file_)),
      digest_(std::move(other.digest_)),
      algorithm_(other.algorithm_),
      hasher_(std::move(other.hasher_)),
      size_(other.size_) {}

PartialBlob::~PartialBlob() {
    if (!file_.is_open()) return;
    // An empty file is of no use to anybody. The lock is still held.
    if (size_ == 0) ::unlinkat(layout_.get(), path().c_str(), 0);
    ::unlinkat(layout_.get(), partial_directory, AT_REMOVEDIR);
}

std::string PartialBlob::path() const {
    return partial_path(digest_);
}

Result<void> PartialBlob::take_what_is_there(std::uint64_t most) {
    const auto present = static_cast<std::uint64_t>(TRY(oci::status_of(file_)).st_size);
    if (present > most) return restart();
    if (::lseek(file_.get(), static_cast<off_t>(present), SEEK_SET) < 0) {
        return oci::last_system_failure("seek in " + path());
    }
    size_ = present;
    hasher_->advance(size_);
    return {};
}

Result<void> PartialBlob::write(std::span<const std::byte> data) {
    TRY(oci::write_all(file_, text_of(data)).in("write " + path()));
    size_ += data.size();
    hasher_->advance(size_);
    return {};
}

Result<void> PartialBlob::restart() {
    hasher_ = std::make_unique<FollowingHasher>(file_, algorithm_);
    if (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0) {
        return oci::last_system_failure("truncate " + path());
    }
    size_ = 0;
    return {};
}

Result<bool> PartialBlob::is_whole() {
    if (TRY(hasher_->finish().in(path())) == digest_.text()) return true;
    TRY(restart());
    return false;
}

Result<void> PartialBlob::commit() {
    if (::fsync(file_.get()) != 0) return oci::last_system_failure("fsync " + path());
    const std::string directory = "blobs/" + std::string(digest_.algorithm());
    TRY(make_directory_below(layout_, "blobs", 0755));
    TRY(make_directory_below(layout_, directory, 0755));
    const Fd blobs = TRY(oci::open_in_root(layout_, directory, O_RDONLY | O_DIRECTORY, 0, no_links));
    const std::string name(digest_.encoded());
    if (::renameat(layout_.get(), path().c_str(), blobs.get(), name.c_str()) != 0) {
        return oci::last_system_failure("rename " + path());
    }
    if (::fsync(blobs.get()) != 0) return oci::last_system_failure("fsync the layout's blobs");
    hasher_.reset();
    file_.reset();
    ::unlinkat(layout_.get(), partial_directory, AT_REMOVEDIR);
    return {};
}

}  // namespace ocimg
