#include "imagetool/archive/archive_writer.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::Fd;
using oci::Result;

constexpr std::size_t copy_size = 256U << 10U;

}  // namespace

Result<std::unique_ptr<ArchiveWriter>> ArchiveWriter::create(const std::string& path) {
    const std::string context = "archive " + oci::quote(path);
    const std::size_t slash = path.rfind('/');
    Fd directory = TRY(
        oci::open_file(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY)
            .in(context));
    Fd file = TRY(oci::open_at(directory, ".", O_TMPFILE | O_RDWR, 0644).in(context));
    return std::unique_ptr<ArchiveWriter>(new ArchiveWriter(
        std::move(directory), path.substr(slash == std::string::npos ? 0 : slash + 1), std::move(file)));
}

Result<void> ArchiveWriter::add_directory(const std::string& name) {
    Entry entry;
    entry.name = name;
    entry.kind = EntryKind::directory;
    entry.mode = 0755;
    return tar_.add(entry);
}

Result<void> ArchiveWriter::add_file(const std::string& name, std::uint64_t size, ByteSource& content) {
    Entry entry;
    entry.name = name;
    entry.mode = 0644;
    entry.size = size;
    TRY(tar_.add(entry));
    std::vector<std::byte> buffer(copy_size);
    while (const std::size_t got = TRY(content.read(buffer))) {
        TRY(oci::check_interruption());
        TRY(tar_.write_data(std::span(buffer).first(got)));
    }
    return {};
}

Result<void> ArchiveWriter::add_text(const std::string& name, std::string_view content) {
    MemorySource source(content);
    return add_file(name, content.size(), source);
}

Result<void> ArchiveWriter::commit() {
    TRY(tar_.finish());
    if (::fsync(file_.get()) != 0) return oci::last_system_failure("fsync the archive");
    const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) < 0) return oci::last_system_failure("getrandom");
    const std::string temporary = ".ocimg-" + std::to_string(number);
    if (::linkat(AT_FDCWD, self.c_str(), directory_.get(), temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) {
        return oci::last_system_failure("name the archive");
    }
    if (::renameat(directory_.get(), temporary.c_str(), directory_.get(), name_.c_str()) != 0) {
        const oci::Error error = oci::last_system_failure("rename to " + oci::quote(name_));
        ::unlinkat(directory_.get(), temporary.c_str(), 0);
        return error;
    }
    if (::fsync(directory_.get()) != 0) return oci::last_system_failure("fsync the archive's directory");
    return {};
}

}  // namespace ocimg
