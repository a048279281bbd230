#pragma once
// PAX extended headers (POSIX.1-2001 pax, "pax Header Block"): records to values and back. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// The records of an extended header ("x") or of all global ones so far ("g"), that readers act on.
/// What is absent leaves the value of the header block.
struct PaxRecords {
    std::optional<std::string> path;
    std::optional<std::string> link_path;
    std::optional<std::int64_t> size;
    std::optional<std::int64_t> uid;
    std::optional<std::int64_t> gid;
    std::optional<Timestamp> mtime;
    std::optional<std::int64_t> device_major;
    std::optional<std::int64_t> device_minor;
    std::map<std::string, std::string> xattrs;

    // GNU sparse files, formats 0.0, 0.1 and 1.0.
    std::optional<std::string> sparse_name;
    std::optional<std::int64_t> sparse_real_size;
    std::optional<std::int64_t> sparse_major;
    std::vector<std::int64_t> sparse_numbers;  // offset, length, offset, length, ...
    bool sparse = false;
};

/// Applies the records of `text` on top of `records`. Malformed records, values with a NUL where none
/// may be, and numbers out of range are errors; unknown keywords are ignored, as POSIX asks.
oci::Result<void> apply_pax_records(std::string_view text, PaxRecords& records);

/// Appends one record "LENGTH KEY=VALUE\n".
void append_pax_record(std::string& text, std::string_view key, std::string_view value);

/// A time as "seconds[.fraction]", seconds possibly negative: "-1.5" is half a second before -1.
oci::Result<Timestamp> parse_pax_time(std::string_view text);
std::string format_pax_time(const Timestamp& time);

/// Checks that segments ascend, do not overlap and end inside `size`, and gives the number of data
/// bytes they stand for.
oci::Result<std::uint64_t> check_segments(const std::vector<SparseSegment>& segments, std::uint64_t size);

}  // namespace ocimg
