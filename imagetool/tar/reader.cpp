#include "imagetool/tar/reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/text.hpp"

namespace ocimg {
namespace {

constexpr std::uint64_t extension_limit = 1U << 20U;
constexpr std::uint64_t header_limit = 10'000'000;
constexpr std::size_t sparse_segment_limit = extension_limit / 24;
// chown(2) takes the highest number for "leave as it is".
constexpr std::int64_t highest_id = std::numeric_limits<std::uint32_t>::max() - 1;
constexpr std::int64_t highest_device_major = 0xFFF;
constexpr std::int64_t highest_device_minor = 0xFFFFF;

oci::Error invalid(std::string text) {
    return oci::failure(oci::ErrorCode::invalid, std::move(text));
}

oci::Result<std::uint32_t> in_range(std::string_view what, std::int64_t value, std::int64_t highest) {
    if (value < 0 || value > highest) {
        return invalid(std::string(what) + " " + std::to_string(value) + " is not between 0 and " +
                       std::to_string(highest));
    }
    return static_cast<std::uint32_t>(value);
}

oci::Result<EntryKind> kind_of(const RawHeader& header, std::string_view name) {
    switch (header.type) {
        case '\0':  // v7 archives have no type for directories
            return !name.empty() && name.back() == '/' ? EntryKind::directory : EntryKind::file;
        case '0':
        case '7':
        case 'S':
            return EntryKind::file;
        case '1':
            return EntryKind::hard_link;
        case '2':
            return EntryKind::symbolic_link;
        case '3':
            return EntryKind::character_device;
        case '4':
            return EntryKind::block_device;
        case '5':
            return EntryKind::directory;
        case '6':
            return EntryKind::fifo;
        default:
            return oci::failure(oci::ErrorCode::unsupported, "entry " + oci::quote(name) +
                                                                 " is of the unknown type " +
                                                                 oci::quote(std::string(1, header.type)));
    }
}

std::string up_to_nul(std::string text) {
    text.resize(std::min(text.find('\0'), text.size()));
    return text;
}

bool is_device(EntryKind kind) {
    return kind == EntryKind::character_device || kind == EntryKind::block_device;
}

bool is_link(EntryKind kind) {
    return kind == EntryKind::hard_link || kind == EntryKind::symbolic_link;
}

}  // namespace

oci::Result<bool> TarReader::next(Entry& entry) {
    TRY(skip_entry_data().in("tar archive"));
    const std::uint64_t start = position_;
    return find_entry(entry).in("tar archive, entry at byte " + std::to_string(start));
}

oci::Result<bool> TarReader::find_entry(Entry& entry) {
    Extensions extensions;
    for (;;) {
        const std::span<const std::byte> block = TRY(next_header_block());
        if (block.empty()) {
            if (extensions.pax || extensions.long_name || extensions.long_link) {
                return invalid("the archive ends after an extended header");
            }
            return false;
        }
        if (++headers_ > header_limit) return invalid("the archive has more than 10 million headers");
        const RawHeader header = TRY(parse_header(block));
        if (header.size < 0) return invalid("size " + std::to_string(header.size) + " is negative");
        if (TRY(take_extension(header, extensions))) continue;
        TRY(describe(header, extensions, entry));
        return true;
    }
}

/// An empty span at the end: of the source, or of the archive (a zero block, then another or nothing).
oci::Result<std::span<const std::byte>> TarReader::next_header_block() {
    const std::span<const std::byte> block = TRY(take_block());
    if (block.empty() || !is_zero_block(block)) return block;
    const std::span<const std::byte> second = TRY(take_block());
    if (!second.empty() && !is_zero_block(second)) {
        return invalid("a single zero block stands between entries");
    }
    return std::span<const std::byte>{};
}

oci::Result<bool> TarReader::take_extension(const RawHeader& header, Extensions& extensions) {
    switch (header.type) {
        case 'x':
        case 'X': {
            const std::string text = TRY(read_extension(header.size));
            extensions.pax = global_;
            TRY(apply_pax_records(text, *extensions.pax));
            return true;
        }
        case 'g': {
            const std::string text = TRY(read_extension(header.size));
            global_size_ += text.size();
            if (global_size_ > extension_limit) return invalid("the global PAX headers exceed 1 MiB");
            TRY(apply_pax_records(text, global_));
            return true;
        }
        case 'L':
            extensions.long_name = up_to_nul(TRY(read_extension(header.size)));
            return true;
        case 'K':
            extensions.long_link = up_to_nul(TRY(read_extension(header.size)));
            return true;
        case 'V':  // a volume label
            TRY(read_extension(header.size));
            return true;
        default:
            return false;
    }
}

oci::Result<void> TarReader::describe(const RawHeader& header, const Extensions& extensions, Entry& entry) {
    entry = Entry{};
    const PaxRecords& pax = extensions.pax.has_value() ? *extensions.pax : global_;
    entry.name = extensions.long_name.value_or(pax.path.value_or(header.name));
    entry.kind = TRY(kind_of(header, entry.name));
    entry.mode = header.mode;
    entry.uid = TRY(in_range("uid", pax.uid.value_or(header.uid), highest_id).in(oci::quote(entry.name)));
    entry.gid = TRY(in_range("gid", pax.gid.value_or(header.gid), highest_id).in(oci::quote(entry.name)));
    entry.mtime = pax.mtime.value_or(Timestamp{header.mtime, 0});
    if (is_link(entry.kind)) {
        entry.link_target = extensions.long_link.value_or(pax.link_path.value_or(header.link_target));
        if (entry.link_target.empty()) return invalid("link " + oci::quote(entry.name) + " has no target");
    }
    if (is_device(entry.kind)) {
        entry.device_major =
            TRY(in_range("device major", pax.device_major.value_or(header.device_major), highest_device_major)
                    .in(oci::quote(entry.name)));
        entry.device_minor =
            TRY(in_range("device minor", pax.device_minor.value_or(header.device_minor), highest_device_minor)
                    .in(oci::quote(entry.name)));
    }
    entry.xattrs = pax.xattrs;

    segments_.clear();
    segment_ = 0;
    data_offset_ = 0;
    if (entry.kind != EntryKind::file) return {};
    const std::int64_t size = pax.size.value_or(header.size);
    if (size < 0)
        return invalid("size " + std::to_string(size) + " of " + oci::quote(entry.name) + " is negative");
    entry.size = static_cast<std::uint64_t>(size);
    data_left_ = entry.size;
    padding_left_ = padded_to_block(entry.size) - entry.size;
    if (header.type == 'S' || pax.sparse) {
        return describe_sparse(header, pax, entry).in("sparse file " + oci::quote(entry.name));
    }
    return {};
}

oci::Result<void> TarReader::describe_sparse(const RawHeader& header, const PaxRecords& pax, Entry& entry) {
    entry.sparse = true;
    std::int64_t real_size = header.real_size;
    if (header.type == 'S') {
        TRY(read_old_sparse_map(header, entry));
    } else {
        if (pax.sparse_name.has_value()) entry.name = *pax.sparse_name;
        real_size = pax.sparse_real_size.value_or(-1);
        if (pax.sparse_major.value_or(0) > 1) {
            return oci::failure(oci::ErrorCode::unsupported, "the format is newer than 1.0");
        }
        if (pax.sparse_major.value_or(0) == 1) {
            TRY(read_sparse_map_in_data(entry));
        } else {
            if (pax.sparse_numbers.size() % 2 != 0)
                return invalid("the sparse map has an odd count of numbers");
            for (std::size_t i = 0; i + 1 < pax.sparse_numbers.size(); i += 2) {
                if (pax.sparse_numbers[i] < 0 || pax.sparse_numbers[i + 1] < 0)
                    return invalid("a sparse map holds a negative number");
                entry.segments.push_back({static_cast<std::uint64_t>(pax.sparse_numbers[i]),
                                          static_cast<std::uint64_t>(pax.sparse_numbers[i + 1])});
            }
        }
    }
    if (real_size < 0) return invalid("its real size is missing or negative");
    entry.size = static_cast<std::uint64_t>(real_size);
    const std::uint64_t data_size = TRY(check_segments(entry.segments, entry.size));
    if (data_size != data_left_) {
        return invalid("its map stands for " + std::to_string(data_size) +
                       " bytes of data, the archive holds " + std::to_string(data_left_));
    }
    segments_ = entry.segments;
    return {};
}

oci::Result<void> TarReader::read_old_sparse_map(const RawHeader& header, Entry& entry) {
    entry.segments = header.segments;
    bool more = header.more_segments;
    while (more) {
        if (entry.segments.size() > sparse_segment_limit) return invalid("its map exceeds 1 MiB");
        const std::span<const std::byte> block = TRY(take_block());
        if (block.empty()) return invalid("the archive ends inside its map");
        more = TRY(parse_sparse_block(block, entry.segments));
    }
    return {};
}

/// Format 1.0: the content starts with decimal numbers, one a line, padded to whole blocks: how many
/// segments, then offset and length of each.
oci::Result<void> TarReader::read_sparse_map_in_data(Entry& entry) {
    std::uint64_t bytes_read = 0;
    std::string line;
    std::optional<std::uint64_t> wanted;  // numbers still to come
    std::vector<std::uint64_t> numbers;
    while (!wanted.has_value() || numbers.size() < *wanted) {
        if (data_left_ < tar_block_size) return invalid("its map is cut short");
        if ((bytes_read += tar_block_size) > extension_limit) return invalid("its map exceeds 1 MiB");
        const std::span<const std::byte> block = TRY(take_block());
        if (block.empty()) return invalid("the archive ends inside its map");
        data_left_ -= tar_block_size;
        for (const char c : text_of(block)) {
            if (wanted.has_value() && numbers.size() == *wanted) break;
            if (c != '\n') {
                line += c;
                continue;
            }
            const auto number = oci::parse_integer<std::uint64_t>(line);
            if (!number.has_value()) return invalid("its map holds " + oci::quote(line) + ", not a number");
            line.clear();
            if (wanted.has_value()) {
                numbers.push_back(*number);
            } else if (*number > sparse_segment_limit * 12) {
                return invalid("its map exceeds 1 MiB");
            } else {
                wanted = *number * 2;
            }
        }
    }
    for (std::size_t i = 0; i + 1 < numbers.size(); i += 2)
        entry.segments.push_back({numbers[i], numbers[i + 1]});
    return {};
}

oci::Result<DataPiece> TarReader::read_data() {
    DataPiece piece;
    std::uint64_t most = data_left_;
    while (segment_ < segments_.size() && segments_[segment_].length == 0) ++segment_;
    if (segment_ < segments_.size()) {
        SparseSegment& segment = segments_[segment_];
        data_offset_ = segment.offset;
        most = std::min(most, segment.length);
    }
    if (most == 0) return piece;
    piece.offset = data_offset_;
    piece.bytes = TRY(take(most));
    if (piece.bytes.empty()) return invalid("tar archive: it ends inside the content of an entry");
    data_left_ -= piece.bytes.size();
    data_offset_ += piece.bytes.size();
    if (segment_ < segments_.size()) {
        segments_[segment_].offset += piece.bytes.size();
        segments_[segment_].length -= piece.bytes.size();
    }
    return piece;
}

oci::Result<void> TarReader::skip_entry_data() {
    const std::uint64_t padding = padding_left_;
    std::uint64_t left = data_left_ + padding_left_;
    data_left_ = 0;
    padding_left_ = 0;
    while (left > 0) {
        const std::span<const std::byte> bytes = TRY(take(left));
        // Writers without an end (umoci insert) do not fill the last block either: an entry that is whole
        // may end the archive.
        if (bytes.empty() && left == padding) return {};
        if (bytes.empty()) return invalid("it ends inside the content of an entry");
        left -= bytes.size();
    }
    return {};
}

oci::Result<void> TarReader::drain() {
    for (;;) {
        const std::span<const std::byte> bytes = TRY(take(std::numeric_limits<std::uint64_t>::max()));
        if (bytes.empty()) return {};
    }
}

oci::Result<std::string> TarReader::read_extension(std::int64_t size) {
    if (static_cast<std::uint64_t>(size) > extension_limit) {
        return invalid("an extended header of " + std::to_string(size) + " bytes exceeds 1 MiB");
    }
    const auto length = static_cast<std::size_t>(size);
    std::string text;
    while (text.size() < length) {
        const std::span<const std::byte> bytes = TRY(take(length - text.size()));
        if (bytes.empty()) return invalid("the archive ends inside an extended header");
        text.append(text_of(bytes));
    }
    data_left_ = 0;
    padding_left_ = padded_to_block(length) - length;
    TRY(skip_entry_data());
    return text;
}

oci::Result<std::span<const std::byte>> TarReader::take(std::uint64_t most) {
    if (rest_.empty()) rest_ = TRY(source_.next_block());
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(most, rest_.size()));
    const std::span<const std::byte> taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    position_ += count;
    return taken;
}

/// One whole block; empty at the end of the source.
oci::Result<std::span<const std::byte>> TarReader::take_block() {
    std::span<const std::byte> part = TRY(take(tar_block_size));
    if (part.empty() || part.size() == tar_block_size) return part;
    std::size_t filled = 0;
    while (!part.empty()) {
        std::memcpy(joined_block_.data() + filled, part.data(), part.size());
        filled += part.size();
        part = TRY(take(tar_block_size - filled));
        if (filled == tar_block_size) break;
    }
    if (filled < tar_block_size) return invalid("the archive ends inside a block");
    return std::span<const std::byte>(joined_block_);
}

}  // namespace ocimg
