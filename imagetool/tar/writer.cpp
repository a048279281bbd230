#include "imagetool/tar/writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/text.hpp"
#include "imagetool/tar/header.hpp"
#include "imagetool/tar/pax.hpp"

namespace ocimg {
namespace {

using Block = std::array<char, tar_block_size>;

constexpr std::size_t name_length = 100;
constexpr std::size_t prefix_length = 155;
constexpr std::uint64_t highest_octal_id = 07777777;        // seven digits
constexpr std::uint64_t highest_octal_size = 077777777777;  // eleven digits

char type_of(EntryKind kind) {
    switch (kind) {
        case EntryKind::hard_link:
            return '1';
        case EntryKind::symbolic_link:
            return '2';
        case EntryKind::character_device:
            return '3';
        case EntryKind::block_device:
            return '4';
        case EntryKind::directory:
            return '5';
        case EntryKind::fifo:
            return '6';
        case EntryKind::file:
            break;
    }
    return '0';
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Where a long name may be cut into prefix and name: at a slash, so that both parts fit. npos: nowhere.
std::size_t split_point(std::string_view name) {
    if (name.size() <= name_length) return std::string_view::npos;
    const std::size_t slash = name.find('/', name.size() - name_length - 1);
    const bool fits =
        slash != std::string_view::npos && slash > 0 && slash <= prefix_length && slash + 1 < name.size();
    return fits ? slash : std::string_view::npos;
}

bool name_fits(std::string_view name) {
    return is_ascii(name) && (name.size() <= name_length || split_point(name) != std::string_view::npos);
}

void put_text(Block& block, std::size_t offset, std::string_view text) {
    std::memcpy(block.data() + offset, text.data(), std::min(text.size(), block.size() - offset));
}

/// Octal with leading zeros and a NUL at the field's end; what does not fit stands in a PAX record and
/// is written as 0 here.
void put_number(Block& block, std::size_t offset, std::size_t length, std::uint64_t value) {
    const std::size_t digits = length - 1;
    if (digits < 21 && (value >> (3 * digits)) != 0) value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        block.at(offset + digits - 1 - i) = static_cast<char>('0' + static_cast<char>(value & 7U));
        value >>= 3U;
    }
}

void put_name(Block& block, std::string_view name) {
    const std::size_t slash = split_point(name);
    if (slash != std::string_view::npos && is_ascii(name)) {
        put_text(block, 345, name.substr(0, slash));
        put_text(block, 0, name.substr(slash + 1));
    } else {
        put_text(block, 0, name.substr(0, name_length));
    }
}

void put_checksum(Block& block) {
    std::memset(block.data() + 148, ' ', 8);
    std::uint32_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put_number(block, 148, 7, sum);
    block[154] = '\0';
}

std::uint64_t header_seconds(const Timestamp& time) {
    return time.seconds < 0 ? 0 : static_cast<std::uint64_t>(time.seconds);
}

Block header_for(const Entry& entry) {
    Block block{};
    put_name(block, entry.name);
    put_number(block, 100, 8, entry.mode & 07777U);
    put_number(block, 108, 8, entry.uid);
    put_number(block, 116, 8, entry.gid);
    put_number(block, 124, 12, entry.kind == EntryKind::file ? entry.size : 0);
    put_number(block, 136, 12, header_seconds(entry.mtime));
    block[156] = type_of(entry.kind);
    put_text(block, 157, std::string_view(entry.link_target).substr(0, name_length));
    put_text(block, 257, std::string_view("ustar\00000", 8));
    put_number(block, 329, 8, entry.device_major);
    put_number(block, 337, 8, entry.device_minor);
    put_checksum(block);
    return block;
}

Block pax_header_for(const Entry& entry, std::size_t size) {
    Block block{};
    // Readers that know PAX ignore this name; others unpack the records under it.
    const std::size_t slash =
        entry.name.find_last_of('/', entry.name.size() - std::min<std::size_t>(entry.name.size(), 2));
    const std::string_view last =
        std::string_view(entry.name).substr(slash == std::string::npos ? 0 : slash + 1);
    std::string name = "PaxHeaders.0/";
    for (const char c : last.substr(0, name_length - name.size())) {
        name += static_cast<unsigned char>(c) < 0x80 ? c : '_';
    }
    put_text(block, 0, name);
    put_number(block, 100, 8, 0644);
    put_number(block, 108, 8, 0);
    put_number(block, 116, 8, 0);
    put_number(block, 124, 12, size);
    put_number(block, 136, 12, 0);
    block[156] = 'x';
    put_text(block, 257, std::string_view("ustar\00000", 8));
    put_number(block, 329, 8, 0);
    put_number(block, 337, 8, 0);
    put_checksum(block);
    return block;
}

std::span<const std::byte> as_bytes(const Block& block) {
    return std::as_bytes(std::span(block));
}

constexpr std::array<std::byte, tar_block_size> zeros{};

}  // namespace

std::string pax_records_for(const Entry& entry) {
    std::string records;
    if (!name_fits(entry.name)) append_pax_record(records, "path", entry.name);
    if (entry.link_target.size() > name_length || !is_ascii(entry.link_target)) {
        append_pax_record(records, "linkpath", entry.link_target);
    }
    if (entry.kind == EntryKind::file && entry.size > highest_octal_size) {
        append_pax_record(records, "size", std::to_string(entry.size));
    }
    if (entry.uid > highest_octal_id) append_pax_record(records, "uid", std::to_string(entry.uid));
    if (entry.gid > highest_octal_id) append_pax_record(records, "gid", std::to_string(entry.gid));
    const bool whole_seconds = entry.mtime.nanoseconds == 0 && entry.mtime.seconds >= 0 &&
                               static_cast<std::uint64_t>(entry.mtime.seconds) <= highest_octal_size;
    if (!whole_seconds) append_pax_record(records, "mtime", format_pax_time(entry.mtime));
    for (const auto& [name, value] : entry.xattrs) append_pax_record(records, "SCHILY.xattr." + name, value);
    return records;
}

oci::Result<void> TarWriter::add(const Entry& entry) {
    TRY(complete_entry());
    if (entry.name.find('\0') != std::string::npos) {
        return oci::failure(oci::ErrorCode::invalid,
                            "entry " + oci::quote(entry.name) + " has a NUL byte in its name");
    }
    for (const auto& [name, value] : entry.xattrs) {
        if (name.find('=') == std::string::npos) continue;
        return oci::failure(oci::ErrorCode::unsupported,
                            "extended attribute " + oci::quote(name) + " of " + oci::quote(entry.name) +
                                " cannot be written: PAX has no form for '=' in a name");
    }
    const std::string records = pax_records_for(entry);
    if (!records.empty()) {
        TRY(sink_.write(as_bytes(pax_header_for(entry, records.size()))));
        TRY(sink_.write(bytes_of(records)));
        TRY(sink_.write(std::span(zeros).first(padded_to_block(records.size()) - records.size())));
    }
    TRY(sink_.write(as_bytes(header_for(entry))));
    data_left_ = entry.kind == EntryKind::file ? entry.size : 0;
    padding_left_ = padded_to_block(data_left_) - data_left_;
    return {};
}

oci::Result<void> TarWriter::write_data(std::span<const std::byte> data) {
    if (data.size() > data_left_) return oci::failure("a file grew while it was written to the archive");
    data_left_ -= data.size();
    return sink_.write(data);
}

oci::Result<void> TarWriter::complete_entry() {
    if (data_left_ > 0) return oci::failure("a file shrank while it was written to the archive");
    TRY(sink_.write(std::span(zeros).first(static_cast<std::size_t>(padding_left_))));
    padding_left_ = 0;
    return {};
}

oci::Result<void> TarWriter::finish() {
    TRY(complete_entry());
    TRY(sink_.write(zeros));
    return sink_.write(zeros);
}

}  // namespace ocimg
