#include "imagetool/tar/pax.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.hpp"

namespace ocimg {
namespace {

oci::Error invalid(std::string text) {
    return oci::failure(oci::ErrorCode::invalid, std::move(text));
}

/// A decimal number of any sign; nothing for an empty value, which takes the record back.
oci::Result<std::optional<std::int64_t>> number_of(std::string_view key, std::string_view value) {
    if (value.empty()) return std::optional<std::int64_t>();
    const auto number = oci::parse_integer<std::int64_t>(value);
    if (!number.has_value()) {
        return invalid("PAX record " + std::string(key) + " holds " + oci::quote(value) + ", not a number");
    }
    return number;
}

oci::Result<std::optional<std::string>> path_of_record(std::string_view key, std::string_view value) {
    if (value.empty()) return std::optional<std::string>();
    if (value.find('\0') != std::string_view::npos) {
        return invalid("PAX record " + std::string(key) + " holds a NUL byte");
    }
    return std::optional<std::string>(value);
}

oci::Result<void> append_number_list(std::string_view key, std::string_view value,
                                     std::vector<std::int64_t>& numbers) {
    if (value.empty()) return {};
    for (const std::string& part : oci::split(value, ',')) {
        const std::optional<std::int64_t> number = TRY(number_of(key, part));
        if (!number.has_value()) return invalid("PAX record " + std::string(key) + " holds an empty number");
        numbers.push_back(*number);
    }
    return {};
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decode_percent(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
        if (!escape) {
            result += text[i];
            continue;
        }
        result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
        i += 2;
    }
    return result;
}

oci::Result<std::string> decode_base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    std::uint32_t bits = 0;
    unsigned count = 0;
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    for (const char c : text) {
        const std::size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos) return invalid("a LIBARCHIVE.xattr record is not base64");
        bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        result += static_cast<char>((bits >> count) & 0xFFU);
    }
    return result;
}

oci::Result<void> set_xattr(std::string name, std::string value, PaxRecords& records) {
    if (name.empty() || name.find('\0') != std::string::npos) {
        return invalid("a PAX record names an extended attribute " + oci::quote(name));
    }
    records.xattrs[std::move(name)] = std::move(value);
    return {};
}

oci::Result<bool> apply_sparse(std::string_view key, std::string_view value, PaxRecords& records) {
    constexpr std::string_view prefix = "GNU.sparse.";
    if (key.substr(0, prefix.size()) != prefix) return false;
    const std::string_view name = key.substr(prefix.size());
    records.sparse = true;
    if (name == "name") {
        records.sparse_name = TRY(path_of_record(key, value));
    } else if (name == "realsize" || name == "size") {
        records.sparse_real_size = TRY(number_of(key, value));
    } else if (name == "major") {
        records.sparse_major = TRY(number_of(key, value));
    } else if (name == "offset" || name == "numbytes" || name == "map") {
        TRY(append_number_list(key, value, records.sparse_numbers));
    }
    return true;
}

oci::Result<bool> apply_xattr(std::string_view key, std::string_view value, PaxRecords& records) {
    // libarchive writes every attribute twice; SCHILY's record is the exact one where both stand.
    constexpr std::string_view schily = "SCHILY.xattr.";
    constexpr std::string_view libarchive = "LIBARCHIVE.xattr.";
    if (key.substr(0, schily.size()) == schily) {
        TRY(set_xattr(std::string(key.substr(schily.size())), std::string(value), records));
        return true;
    }
    if (key.substr(0, libarchive.size()) == libarchive) {
        std::string name = decode_percent(key.substr(libarchive.size()));
        std::string decoded = TRY(decode_base64(value));
        if (!records.xattrs.contains(name)) TRY(set_xattr(std::move(name), std::move(decoded), records));
        return true;
    }
    return false;
}

oci::Result<void> apply_record(std::string_view key, std::string_view value, PaxRecords& records) {
    if (key == "path") {
        records.path = TRY(path_of_record(key, value));
    } else if (key == "linkpath") {
        records.link_path = TRY(path_of_record(key, value));
    } else if (key == "size") {
        records.size = TRY(number_of(key, value));
    } else if (key == "uid") {
        records.uid = TRY(number_of(key, value));
    } else if (key == "gid") {
        records.gid = TRY(number_of(key, value));
    } else if (key == "SCHILY.devmajor") {
        records.device_major = TRY(number_of(key, value));
    } else if (key == "SCHILY.devminor") {
        records.device_minor = TRY(number_of(key, value));
    } else if (key == "mtime") {
        records.mtime.reset();
        if (!value.empty()) records.mtime = TRY(parse_pax_time(value));
    } else if (!TRY(apply_sparse(key, value, records))) {
        TRY(apply_xattr(key, value, records));
    }
    return {};
}

}  // namespace

oci::Result<void> apply_pax_records(std::string_view text, PaxRecords& records) {
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        const auto length = oci::parse_integer<std::size_t>(text.substr(0, std::min(space, text.size())));
        if (space == std::string_view::npos || !length.has_value() || *length > text.size() ||
            *length < space + 3 || text[*length - 1] != '\n') {
            return invalid("a PAX record has a wrong length");
        }
        const std::string_view record = text.substr(space + 1, *length - space - 2);
        const std::size_t equals = record.find('=');
        if (equals == 0 || equals == std::string_view::npos) return invalid("a PAX record has no keyword");
        TRY(apply_record(record.substr(0, equals), record.substr(equals + 1), records));
        text.remove_prefix(*length);
    }
    return {};
}

void append_pax_record(std::string& text, std::string_view key, std::string_view value) {
    // The length counts its own digits.
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + std::to_string(rest).size();
    if (std::to_string(length).size() + rest != length) ++length;
    text += std::to_string(length);
    text += ' ';
    text += key;
    text += '=';
    text += value;
    text += '\n';
}

oci::Result<Timestamp> parse_pax_time(std::string_view text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, dot);
    const std::string_view fraction = dot < text.size() ? text.substr(dot + 1) : std::string_view();
    const bool negative = !whole.empty() && whole[0] == '-';
    const auto seconds = oci::parse_integer<std::int64_t>(whole);
    const bool digits =
        std::all_of(fraction.begin(), fraction.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!seconds.has_value() || !digits)
        return invalid("time " + oci::quote(text) + " is not a decimal number");
    std::uint32_t nanoseconds = 0;
    for (std::size_t i = 0; i < 9; ++i) {
        const auto digit = i < fraction.size() ? static_cast<std::uint32_t>(fraction[i] - '0') : 0U;
        nanoseconds = nanoseconds * 10 + digit;
    }
    if (!negative || nanoseconds == 0) return Timestamp{*seconds, nanoseconds};
    if (*seconds == std::numeric_limits<std::int64_t>::min())
        return invalid("time " + oci::quote(text) + " is out of range");
    return Timestamp{*seconds - 1, 1'000'000'000U - nanoseconds};
}

std::string format_pax_time(const Timestamp& time) {
    if (time.nanoseconds == 0) return std::to_string(time.seconds);
    std::int64_t seconds = time.seconds;
    std::uint32_t nanoseconds = time.nanoseconds;
    const bool negative = seconds < 0;
    if (negative) {
        ++seconds;
        nanoseconds = 1'000'000'000U - nanoseconds;
    }
    std::string fraction = std::to_string(nanoseconds);
    fraction.insert(0, 9 - fraction.size(), '0');
    while (fraction.back() == '0') fraction.pop_back();
    const std::string whole = negative && seconds == 0 ? "-0" : std::to_string(seconds);
    return whole + "." + fraction;
}

oci::Result<std::uint64_t> check_segments(const std::vector<SparseSegment>& segments, std::uint64_t size) {
    std::uint64_t end = 0;
    std::uint64_t sum = 0;
    for (const SparseSegment& segment : segments) {
        if (segment.offset < end || segment.offset > size || segment.length > size - segment.offset) {
            return invalid("a sparse map is not in order or reaches beyond the file's size");
        }
        end = segment.offset + segment.length;
        sum += segment.length;
    }
    return sum;
}

}  // namespace ocimg
