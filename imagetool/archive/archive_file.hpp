#pragma once
// A tar archive on disk whose members are read in any order: where each one begins is noted in one pass.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// Where a member's content stands.
struct ArchiveMember {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// An archive for reading. One that is compressed, or that is no regular file, is unpacked into a nameless
/// temporary file first.
class ArchiveFile {
public:
    /// Reads the table of members. More than 100000 of them, and sparse ones, are errors.
    static oci::Result<ArchiveFile> open(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// A regular member, found by its name without "./" in front; links inside the archive are followed. An
    /// absent one is an error of code `not_found`.
    [[nodiscard]] oci::Result<ArchiveMember> find(const std::string& name) const;
    /// The content of a small member (4 MiB).
    [[nodiscard]] oci::Result<std::string> read(const std::string& name) const;
    /// A member's bytes from `offset` on. From any thread; the archive must outlive the source.
    [[nodiscard]] std::unique_ptr<ByteSource> open_member(const ArchiveMember& member,
                                                          std::uint64_t offset) const;

private:
    ArchiveFile(std::string path, oci::Fd file) : path_(std::move(path)), file_(std::move(file)) {}
    oci::Result<void> read_members();

    std::string path_;
    oci::Fd file_;
    std::map<std::string, ArchiveMember> members_;
    std::map<std::string, std::string> links_;
};

}  // namespace ocimg
