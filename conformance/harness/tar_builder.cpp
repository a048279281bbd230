#include "conformance/harness/tar_builder.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include "conformance/harness/sha256.hpp"

namespace conformance {
namespace {

void put_octal(char* field, std::size_t width, unsigned long value) {
    char text[24];
    std::snprintf(text, sizeof text, "%0*lo", static_cast<int>(width - 1), value);
    std::memcpy(field, text, width - 1);
}

void put_little_endian(std::string& text, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
}

}  // namespace

TarBuilder& TarBuilder::file(const std::string& path, std::string_view content, unsigned mode, unsigned uid,
                             unsigned gid) {
    return add({path, '0', mode, uid, gid, "", 0, 0}, content);
}

TarBuilder& TarBuilder::directory(const std::string& path, unsigned mode, unsigned uid, unsigned gid) {
    return add({path + "/", '5', mode, uid, gid, "", 0, 0}, "");
}

TarBuilder& TarBuilder::symlink(const std::string& path, const std::string& target) {
    return add({path, '2', 0777, 0, 0, target, 0, 0}, "");
}

TarBuilder& TarBuilder::hardlink(const std::string& path, const std::string& target) {
    return add({path, '1', 0644, 0, 0, target, 0, 0}, "");
}

TarBuilder& TarBuilder::device(const std::string& path, char kind, unsigned major, unsigned minor) {
    return add({path, kind, 0640, 0, 0, "", major, minor}, "");
}

TarBuilder& TarBuilder::record(const std::string& key, const std::string& value) {
    // The length at the front of a record counts its own digits too.
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    records_ += std::to_string(length) + rest;
    return *this;
}

TarBuilder& TarBuilder::add(const Entry& entry, std::string_view content) {
    if (!records_.empty()) {
        const std::string records = std::exchange(records_, "");
        add_header({"PaxHeaders/entry", 'x', 0644, 0, 0, "", 0, 0}, records.size());
        add_content(records);
    }
    add_header(entry, content.size());
    add_content(content);
    return *this;
}

void TarBuilder::add_header(const Entry& entry, std::size_t size) {
    // Names that fill their field have no NUL at the end (POSIX ustar).
    // NOLINTBEGIN(bugprone-not-null-terminated-result)
    char block[512] = {};
    std::memcpy(block, entry.path.data(), std::min<std::size_t>(entry.path.size(), 100));
    put_octal(block + 100, 8, entry.mode);
    put_octal(block + 108, 8, entry.uid);
    put_octal(block + 116, 8, entry.gid);
    put_octal(block + 124, 12, size);
    put_octal(block + 136, 12, static_cast<unsigned long>(tar_time));
    std::memset(block + 148, ' ', 8);
    block[156] = entry.kind;
    std::memcpy(block + 157, entry.link.data(), std::min<std::size_t>(entry.link.size(), 100));
    std::memcpy(block + 257, "ustar\00000", 8);
    // NOLINTEND(bugprone-not-null-terminated-result)
    put_octal(block + 329, 8, entry.major);
    put_octal(block + 337, 8, entry.minor);
    unsigned long sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put_octal(block + 148, 7, sum);
    text_.append(block, sizeof block);
}

void TarBuilder::add_content(std::string_view content) {
    text_ += content;
    text_.append((512 - content.size() % 512) % 512, '\0');
}

std::string as_gzip(std::string_view data) {
    std::string text("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
    for (std::size_t at = 0; at < data.size(); at += 65535) {
        const std::size_t size = std::min<std::size_t>(65535, data.size() - at);
        text += at + size == data.size() ? '\1' : '\0';  // a stored block, the last one marked
        put_little_endian(text, size, 2);
        put_little_endian(text, ~size, 2);
        text += data.substr(at, size);
    }
    put_little_endian(text, crc32(data), 4);
    put_little_endian(text, data.size(), 4);
    return text;
}

std::string as_zstd(std::string_view data) {
    std::string text("\x28\xb5\x2f\xfd", 4);
    text += '\xa0';  // one segment, content size in four bytes
    put_little_endian(text, data.size(), 4);
    constexpr std::size_t most = 128UL * 1024;
    for (std::size_t at = 0; at < data.size(); at += most) {
        const std::size_t size = std::min(most, data.size() - at);
        put_little_endian(text, size << 3 | (at + size == data.size() ? 1 : 0), 3);  // a raw block
        text += data.substr(at, size);
    }
    return text;
}

}  // namespace conformance
