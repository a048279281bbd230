#include "imagetool/store/blob_writer.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hpp"

namespace ocimg {

namespace {

using oci::Fd;
using oci::Result;

constexpr mode_t blob_mode = 0644;

std::string random_name() {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
        number = static_cast<std::uint64_t>(::getpid());
    }
    return ".ocimg-" + std::to_string(number);
}

bool cannot_be_nameless(int number) {
    return number == EOPNOTSUPP || number == EISDIR || number == ENOENT || number == EINVAL;
}

}  // namespace

BlobWriter::BlobWriter(Fd directory, Fd file, std::string temporary_name)
    : directory_(std::move(directory)), file_(std::move(file)), temporary_name_(std::move(temporary_name)) {}

BlobWriter::BlobWriter(BlobWriter&& other) noexcept
    : directory_(std::move(other.directory_)),
      file_(std::move(other.file_)),
      temporary_name_(std::exchange(other.temporary_name_, {})),
      hasher_(std::move(other.hasher_)),
      size_(other.size_) {}

BlobWriter::~BlobWriter() {
    if (!temporary_name_.empty()) ::unlinkat(directory_.get(), temporary_name_.c_str(), 0);
}

Result<BlobWriter> BlobWriter::open(Fd directory) {
    auto nameless = oci::open_at(directory, ".", O_TMPFILE | O_WRONLY, blob_mode);
    if (nameless) return BlobWriter(std::move(directory), std::move(*nameless), {});
    if (!cannot_be_nameless(nameless.error().system_errno)) {
        return nameless.error().in("make a temporary file in the layout's blobs");
    }
    std::string name = random_name();
    Fd file = TRY(oci::open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, blob_mode));
    return BlobWriter(std::move(directory), std::move(file), std::move(name));
}

Result<void> BlobWriter::write(std::span<const std::byte> data) {
    TRY(oci::write_all(file_, text_of(data)).in("write a blob"));
    hasher_.update(data);
    size_ += data.size();
    return {};
}

Result<void> BlobWriter::publish(const std::string& name) {
    if (temporary_name_.empty()) {
        const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
        const auto link_as = [&](const std::string& wanted) {
            return ::linkat(AT_FDCWD, self.c_str(), directory_.get(), wanted.c_str(), AT_SYMLINK_FOLLOW) == 0;
        };
        if (link_as(name)) return {};
        if (errno != EEXIST) return oci::last_system_failure("name blob " + name);
        std::string temporary = random_name();
        if (!link_as(temporary)) return oci::last_system_failure("name blob " + name);
        temporary_name_ = std::move(temporary);
    }
    if (::renameat(directory_.get(), temporary_name_.c_str(), directory_.get(), name.c_str()) != 0) {
        return oci::last_system_failure("rename blob " + name);
    }
    temporary_name_.clear();
    return {};
}

Result<BlobWriter::Written> BlobWriter::commit() {
    if (::fsync(file_.get()) != 0) return oci::last_system_failure("fsync a blob");
    Written written{.digest = hasher_.finish(), .size = size_};
    TRY(publish(written.digest.substr(written.digest.find(':') + 1)));
    if (::fsync(directory_.get()) != 0) return oci::last_system_failure("fsync the layout's blobs");
    file_.reset();
    return written;
}

}  // namespace ocimg
