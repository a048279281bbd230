#include "imagetool/archive/archive_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/archive/temporary_file.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/reader.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

constexpr std::size_t most_members = 100000;
constexpr std::size_t document_limit = std::size_t{4} << 20U;
constexpr int most_links = 8;
constexpr std::size_t copy_size = 256U << 10U;

/// Reads a stretch of a file without moving its position.
class StretchSource final : public ByteSource {
public:
    StretchSource(oci::BorrowedFd file, std::uint64_t begin, std::uint64_t end)
        : file_(file), position_(begin), end_(end) {}
    Result<std::size_t> read(std::span<std::byte> buffer) override {
        const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), end_ - position_);
        while (true) {
            const ssize_t got = ::pread(file_.get(), buffer.data(), wanted, static_cast<off_t>(position_));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return oci::last_system_failure("read the archive");
            if (got == 0 && wanted > 0) return failure(ErrorCode::invalid, "the archive has become shorter");
            position_ += static_cast<std::uint64_t>(got);
            return static_cast<std::size_t>(got);
        }
    }

private:
    oci::BorrowedFd file_;
    std::uint64_t position_;
    std::uint64_t end_;
};

/// The archive itself, or a plain copy of it.
Result<Fd> open_plain(const std::string& path) {
    Fd file = TRY(oci::open_file(path, O_RDONLY));
    const struct stat status = TRY(oci::status_of(file));
    FileSource compressed(file);
    std::array<std::byte, 4> magic{};
    const std::size_t length = S_ISREG(status.st_mode) ? TRY(read_fully(compressed, magic)) : 0;
    const bool plain =
        S_ISREG(status.st_mode) && compression_of_magic(std::span(magic).first(length)) == Compression::none;
    if (S_ISREG(status.st_mode) && ::lseek(file.get(), 0, SEEK_SET) < 0)
        return oci::last_system_failure("seek");
    if (plain) return file;
    const std::unique_ptr<ByteSource> content = TRY(open_by_magic(compressed));
    Fd copy = TRY(open_temporary_file());
    FileSink sink(copy);
    std::vector<std::byte> buffer(copy_size);
    while (const std::size_t got = TRY(content->read(buffer))) TRY(sink.write(std::span(buffer).first(got)));
    if (::lseek(copy.get(), 0, SEEK_SET) < 0) return oci::last_system_failure("seek");
    return copy;
}

/// "./a//b" is "a/b"; names that leave the archive's root end up inside it and are simply not asked for.
std::string member_name(std::string_view name) {
    return oci::clean_path("/" + std::string(name)).substr(1);
}

}  // namespace

Result<ArchiveFile> ArchiveFile::open(const std::string& path) {
    const std::string context = "archive " + quote(path);
    auto file = open_plain(path);
    if (!file) {
        const bool system = file.error().code == ErrorCode::not_found;
        return system ? failure(ErrorCode::not_found, context + ": " + oci::errno_text(ENOENT))
                      : file.error().in(context);
    }
    ArchiveFile archive(path, std::move(*file));
    TRY(archive.read_members().in(context));
    return archive;
}

Result<void> ArchiveFile::read_members() {
    FileSource source(file_);
    BufferedSource blocks(source);
    TarReader reader(blocks);
    Entry entry;
    while (TRY(reader.next(entry))) {
        if (members_.size() + links_.size() >= most_members) {
            return failure(ErrorCode::invalid, "it has more than 100000 members");
        }
        const std::string name = member_name(entry.name);
        if (entry.kind == EntryKind::file) {
            if (entry.sparse) return failure(ErrorCode::unsupported, "member " + quote(name) + " is sparse");
            members_[name] = {.offset = reader.position(), .size = entry.size};
        } else if (entry.kind == EntryKind::symbolic_link) {
            const std::size_t slash = name.rfind('/');
            const std::string directory = slash == std::string::npos ? "" : name.substr(0, slash + 1);
            links_[name] = member_name(directory + entry.link_target);
        } else if (entry.kind == EntryKind::hard_link) {
            links_[name] = member_name(entry.link_target);
        }
    }
    return {};
}

Result<ArchiveMember> ArchiveFile::find(const std::string& name) const {
    std::string wanted = member_name(name);
    for (int i = 0; i < most_links; ++i) {
        if (const auto found = members_.find(wanted); found != members_.end()) return found->second;
        const auto link = links_.find(wanted);
        if (link == links_.end()) break;
        wanted = link->second;
    }
    return failure(ErrorCode::not_found, "archive " + quote(path_) + " has no member " + quote(name));
}

Result<std::string> ArchiveFile::read(const std::string& name) const {
    const ArchiveMember member = TRY(find(name));
    if (member.size > document_limit) {
        return failure(ErrorCode::invalid,
                       "archive " + quote(path_) + ": " + quote(name) + " is larger than 4 MiB");
    }
    std::string content(member.size, '\0');
    StretchSource source(file_, member.offset, member.offset + member.size);
    TRY(read_fully(source, std::as_writable_bytes(std::span(content))).in("archive " + quote(path_)));
    return content;
}

std::unique_ptr<ByteSource> ArchiveFile::open_member(const ArchiveMember& member,
                                                     std::uint64_t offset) const {
    const std::uint64_t skipped = std::min(offset, member.size);
    return std::make_unique<StretchSource>(file_, member.offset + skipped, member.offset + member.size);
}

}  // namespace ocimg
