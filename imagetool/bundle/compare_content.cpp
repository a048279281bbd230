#include "imagetool/bundle/compare_content.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/reader.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// A file below the root beside the content it should have.
class Beside {
public:
    explicit Beside(Fd file) : file_(std::move(file)), buffer_(std::size_t{256} << 10U) {}

    [[nodiscard]] bool differs() const { return differs_; }

    /// The next bytes are these; an empty pointer means zeros.
    Result<void> compare(const std::byte* expected, std::uint64_t size) {
        while (size > 0 && !differs_) {
            const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer_.size()));
            const ssize_t count = ::pread(file_.get(), buffer_.data(), most, static_cast<off_t>(position_));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return oci::last_system_failure("read");
            const auto got = static_cast<std::size_t>(count);
            const bool same = expected == nullptr
                                  ? std::all_of(buffer_.begin(), buffer_.begin() + count,
                                                [](std::byte byte) { return byte == std::byte{0}; })
                                  : std::memcmp(buffer_.data(), expected, got) == 0;
            differs_ = got == 0 || !same;
            position_ += got;
            size -= got;
            if (expected != nullptr) expected += got;
        }
        return {};
    }

private:
    Fd file_;
    std::vector<std::byte> buffer_;
    std::uint64_t position_ = 0;
    bool differs_ = false;
};

/// The entries of one layer that are looked for, and the paths that have them.
using Wanted = std::map<std::uint64_t, std::vector<std::string>>;

/// The files at the paths, each once however many names it has. One that is another kind of file or of
/// another size is different at once.
struct Candidates {
    std::map<ino_t, Beside> files;
    std::map<std::string, ino_t> inodes;
};

Result<Candidates> open_candidates(BorrowedFd root, const std::vector<std::string>& paths, std::uint64_t size,
                                   std::vector<std::string>& different) {
    Candidates candidates;
    for (const std::string& path : paths) {
        Fd file = TRY(oci::open_in_root(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
                                        {.follow_last = false, .no_symlinks = true})
                          .in(oci::quote(path)));
        const struct stat status = TRY(oci::status_of(file));
        if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != size) {
            different.push_back(path);
            continue;
        }
        candidates.inodes.emplace(path, status.st_ino);
        candidates.files.try_emplace(status.st_ino, std::move(file));
    }
    return candidates;
}

Result<void> compare_entry(BorrowedFd root, const std::vector<std::string>& paths, const Entry& entry,
                           TarReader& reader, std::vector<std::string>& different) {
    Candidates candidates = TRY(open_candidates(root, paths, entry.size, different));
    const auto expect = [&](const std::byte* data, std::uint64_t size) -> Result<void> {
        for (auto& [inode, file] : candidates.files) TRY(file.compare(data, size));
        return {};
    };
    std::uint64_t position = 0;
    for (;;) {
        const DataPiece piece = TRY(reader.read_data());
        if (piece.bytes.empty()) break;
        if (piece.offset > position) TRY(expect(nullptr, piece.offset - position));
        TRY(expect(piece.bytes.data(), piece.bytes.size()));
        position = piece.offset + piece.bytes.size();
    }
    if (entry.size > position) TRY(expect(nullptr, entry.size - position));
    for (const auto& [path, inode] : candidates.inodes)
        if (candidates.files.at(inode).differs()) different.push_back(path);
    return {};
}

/// Reads a layer up to the last entry that is looked for.
Result<void> compare_layer(BlockSource& tar, BorrowedFd root, const Wanted& wanted,
                           std::vector<std::string>& different) {
    TarReader reader(tar);
    Entry entry;
    for (std::uint64_t number = 0; number <= wanted.rbegin()->first && TRY(reader.next(entry)); ++number) {
        const auto found = wanted.find(number);
        if (found == wanted.end()) continue;
        TRY(compare_entry(root, found->second, entry, reader, different));
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>> files_with_other_content(const Layout& layout, const FoundImage& image,
                                                          BorrowedFd root, const TreeRecords& records,
                                                          const std::vector<std::string>& paths) {
    std::map<std::uint32_t, Wanted> wanted;
    for (const std::string& path : paths) {
        const TreeRecord& record = records.files.at(path);
        wanted[record.layer][record.number].push_back(path);
    }
    std::vector<std::string> different;
    for (const auto& [layer, entries] : wanted) {
        const std::string context = "layers[" + std::to_string(layer) + "]";
        if (layer >= image.manifest.layers.size())
            return oci::failure(oci::ErrorCode::invalid, "ocimg.records names a layer that the image lacks");
        const Fd blob = TRY(layout.open_blob(image.manifest.layers[layer]).in(context));
        FileSource file(blob);
        const std::unique_ptr<ByteSource> plain = TRY(open_by_magic(file).in(context));
        ReadAheadSource ahead(*plain);
        TRY(compare_layer(ahead, root, entries, different).in(context));
    }
    return different;
}

}  // namespace ocimg
