#include "imagetool/tar/header.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"

namespace ocimg {
namespace {

struct Field {
    std::size_t offset;
    std::size_t length;
};

constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field uid_field{108, 8};
constexpr Field gid_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field mtime_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr Field type_field{156, 1};
constexpr Field link_field{157, 100};
constexpr Field magic_field{257, 8};
constexpr Field major_field{329, 8};
constexpr Field minor_field{337, 8};
constexpr Field prefix_field{345, 155};
constexpr Field sparse_field{386, 96};  // four segments
constexpr Field more_field{482, 1};
constexpr Field real_size_field{483, 12};
constexpr std::size_t sparse_number_length = 12;
constexpr Field continued_sparse_field{0, 504};  // twenty-one segments
constexpr Field continued_more_field{504, 1};

std::string_view field_of(std::string_view block, const Field& field) {
    return block.substr(field.offset, field.length);
}

std::string text_of_field(std::string_view block, const Field& field) {
    const std::string_view raw = field_of(block, field);
    return std::string(raw.substr(0, std::min(raw.find('\0'), raw.size())));
}

std::string_view as_text(std::span<const std::byte> block) {
    return {reinterpret_cast<const char*>(block.data()), block.size()};
}

/// Old archives summed signed bytes; both sums are accepted, as every reader does.
oci::Result<void> check_sum(std::string_view block) {
    const std::int64_t expected = TRY(parse_number(field_of(block, checksum_field)).in("checksum"));
    std::int64_t unsigned_sum = 0;
    std::int64_t signed_sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
        const bool blank = i >= checksum_field.offset && i < checksum_field.offset + checksum_field.length;
        const char c = blank ? ' ' : block[i];
        unsigned_sum += static_cast<unsigned char>(c);
        signed_sum += static_cast<signed char>(c);
    }
    if (expected == unsigned_sum || expected == signed_sum) return {};
    return oci::failure(oci::ErrorCode::invalid, "the header's checksum is " + std::to_string(expected) +
                                                     ", its bytes give " + std::to_string(unsigned_sum));
}

oci::Result<void> append_segments(std::string_view numbers, std::vector<SparseSegment>& segments) {
    for (; numbers.size() >= 2 * sparse_number_length; numbers.remove_prefix(2 * sparse_number_length)) {
        if (numbers[0] == '\0') break;
        const std::int64_t offset =
            TRY(parse_number(numbers.substr(0, sparse_number_length)).in("sparse offset"));
        const std::int64_t length =
            TRY(parse_number(numbers.substr(sparse_number_length, sparse_number_length)).in("sparse length"));
        if (offset < 0 || length < 0) {
            return oci::failure(oci::ErrorCode::invalid, "a sparse map holds a negative number");
        }
        segments.push_back({static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length)});
    }
    return {};
}

oci::Result<std::int64_t> parse_base_256(std::string_view field) {
    const bool negative = (static_cast<unsigned char>(field[0]) & 0x40U) != 0;
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
        std::uint64_t byte = static_cast<unsigned char>(field[i]);
        if (i == 0) byte = negative ? byte | 0x80U : byte & 0x7FU;
        const std::uint64_t pushed_out = value >> 56U;
        if (pushed_out != (negative ? 0xFFU : 0U)) {
            return oci::failure(oci::ErrorCode::invalid, "a base-256 number does not fit into 64 bits");
        }
        value = (value << 8U) | byte;
    }
    const auto result = static_cast<std::int64_t>(value);
    if ((result < 0) != negative) {
        return oci::failure(oci::ErrorCode::invalid, "a base-256 number does not fit into 64 bits");
    }
    return result;
}

oci::Result<void> parse_fields(std::string_view block, RawHeader& header) {
    const std::int64_t mode = TRY(parse_number(field_of(block, mode_field)).in("mode"));
    header.mode = static_cast<std::uint32_t>(mode & 07777);
    header.uid = TRY(parse_number(field_of(block, uid_field)).in("uid"));
    header.gid = TRY(parse_number(field_of(block, gid_field)).in("gid"));
    header.size = TRY(parse_number(field_of(block, size_field)).in("size"));
    header.mtime = TRY(parse_number(field_of(block, mtime_field)).in("mtime"));
    header.type = field_of(block, type_field)[0];
    header.name = text_of_field(block, name_field);
    header.link_target = text_of_field(block, link_field);
    return {};
}

}  // namespace

bool is_zero_block(std::span<const std::byte> block) {
    return std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; });
}

oci::Result<std::int64_t> parse_number(std::string_view field) {
    if (!field.empty() && (static_cast<unsigned char>(field[0]) & 0x80U) != 0) return parse_base_256(field);
    const std::size_t start = std::min(field.find_first_not_of(std::string_view(" \0", 2)), field.size());
    std::string_view digits = field.substr(start);
    digits = digits.substr(0, std::min(digits.find_first_of(std::string_view(" \0", 2)), digits.size()));
    if (digits.empty()) return std::int64_t{0};
    const std::optional<std::int64_t> value = oci::parse_integer<std::int64_t>(digits, 8);
    if (!value.has_value() || *value < 0) {
        return oci::failure(oci::ErrorCode::invalid, oci::quote(digits) + " is not an octal number");
    }
    return *value;
}

oci::Result<RawHeader> parse_header(std::span<const std::byte> block) {
    using namespace std::string_view_literals;
    const std::string_view text = as_text(block);
    TRY(check_sum(text));
    RawHeader header;
    TRY(parse_fields(text, header));
    const std::string_view magic = field_of(text, magic_field);
    const bool gnu = magic == "ustar  \0"sv;
    const bool ustar = !gnu && magic.substr(0, 5) == "ustar"sv;
    if (gnu || ustar) {
        header.device_major = TRY(parse_number(field_of(text, major_field)).in("device major"));
        header.device_minor = TRY(parse_number(field_of(text, minor_field)).in("device minor"));
    }
    // GNU headers use the bytes of the prefix for other things.
    const std::string prefix = ustar ? text_of_field(text, prefix_field) : std::string();
    if (!prefix.empty()) header.name = prefix + "/" + header.name;
    if (header.type == 'S') {
        if (!gnu)
            return oci::failure(oci::ErrorCode::invalid, "a sparse header (type S) is not in GNU format");
        TRY(append_segments(field_of(text, sparse_field), header.segments));
        header.more_segments = field_of(text, more_field)[0] != '\0';
        header.real_size = TRY(parse_number(field_of(text, real_size_field)).in("real size"));
    }
    return header;
}

oci::Result<bool> parse_sparse_block(std::span<const std::byte> block, std::vector<SparseSegment>& segments) {
    const std::string_view text = as_text(block);
    TRY(append_segments(field_of(text, continued_sparse_field), segments));
    return field_of(text, continued_more_field)[0] != '\0';
}

}  // namespace ocimg
