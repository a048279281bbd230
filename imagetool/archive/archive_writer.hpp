#pragma once
// Writes a tar archive that appears under its name only when it is whole. The same members give the same
// bytes.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/tar/writer.hpp"

namespace ocimg {

class ArchiveWriter {
public:
    /// A nameless file in the directory of `path`.
    static oci::Result<std::unique_ptr<ArchiveWriter>> create(const std::string& path);
    ArchiveWriter(const ArchiveWriter&) = delete;
    ArchiveWriter& operator=(const ArchiveWriter&) = delete;

    oci::Result<void> add_directory(const std::string& name);
    /// A file of exactly `size` bytes.
    oci::Result<void> add_file(const std::string& name, std::uint64_t size, ByteSource& content);
    oci::Result<void> add_text(const std::string& name, std::string_view content);
    /// Ends the archive, syncs it and gives it its name; a file of that name is replaced.
    oci::Result<void> commit();

    ~ArchiveWriter() = default;

private:
    ArchiveWriter(oci::Fd directory, std::string name, oci::Fd file)
        : directory_(std::move(directory)),
          name_(std::move(name)),
          file_(std::move(file)),
          sink_(file_),
          tar_(sink_) {}

    oci::Fd directory_;
    std::string name_;
    oci::Fd file_;
    FileSink sink_;
    TarWriter tar_;
};

}  // namespace ocimg
