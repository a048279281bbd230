#pragma once
// One entry of a tar archive, with every extension (PAX, GNU) already applied.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ocimg {

enum class EntryKind { file, hard_link, symbolic_link, character_device, block_device, directory, fifo };

/// A point in time: seconds since 1970, and 0 to 999,999,999 nanoseconds after that second.
struct Timestamp {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    friend bool operator==(const Timestamp&, const Timestamp&) = default;
};

/// A stretch of a sparse file that holds data; between stretches the file reads as zeros.
struct SparseSegment {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    friend bool operator==(const SparseSegment&, const SparseSegment&) = default;
};

struct Entry {
    std::string name;         // as written in the archive: may hold "..", "./" or a leading "/"
    std::string link_target;  // hard and symbolic links only
    EntryKind kind = EntryKind::file;
    std::uint32_t mode = 0;  // permission bits with set-user-id, set-group-id and sticky: 0 to 07777
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t size = 0;  // of the file; 0 for every other kind
    Timestamp mtime;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::map<std::string, std::string> xattrs;
    bool sparse = false;
    std::vector<SparseSegment> segments;  // sparse files only: ascending, inside `size`
};

}  // namespace ocimg
