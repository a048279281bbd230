#pragma once
// Builds tar archives byte by byte for tests, hostile ones included. Independent of TarWriter.

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace ocimg::test {

/// The fields of one header as a test wants them.
struct Header {
    std::string name;
    char type = '0';
    std::string link;
    unsigned mode = 0644;
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t size = 0;
    std::uint64_t mtime = 1'000'000'000;
    unsigned major = 0;
    unsigned minor = 0;
    bool gnu = false;
};

inline void put_field(std::string& block, std::size_t offset, std::string_view text) {
    std::memcpy(block.data() + offset, text.data(), text.size());
}

inline std::string octal(std::uint64_t value, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
    return text;
}

/// Sets the checksum of a header block that was changed by hand.
inline std::string with_checksum(std::string block) {
    put_field(block, 148, "        ");
    unsigned sum = 0;
    for (const char c : block.substr(0, 512)) sum += static_cast<unsigned char>(c);
    put_field(block, 148, octal(sum, 6) + std::string(1, '\0'));
    return block;
}

inline std::string header_block(const Header& header) {
    std::string block(512, '\0');
    put_field(block, 0, std::string_view(header.name).substr(0, 100));
    put_field(block, 100, octal(header.mode, 7));
    put_field(block, 108, octal(header.uid, 7));
    put_field(block, 116, octal(header.gid, 7));
    put_field(block, 124, octal(header.size, 11));
    put_field(block, 136, octal(header.mtime, 11));
    block[156] = header.type;
    put_field(block, 157, std::string_view(header.link).substr(0, 100));
    put_field(block, 257, header.gnu ? std::string_view("ustar  \0", 8) : std::string_view("ustar\00000", 8));
    put_field(block, 329, octal(header.major, 7));
    put_field(block, 337, octal(header.minor, 7));
    return with_checksum(block);
}

inline std::string padded(std::string data) {
    data.resize((data.size() + 511) / 512 * 512, '\0');
    return data;
}

inline std::string pax_record(std::string_view key, std::string_view value) {
    const std::string rest = " " + std::string(key) + "=" + std::string(value) + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return std::to_string(length) + rest;
}

class Archive {
public:
    Archive& add(Header header, const std::string& data = "") {
        if (!data.empty()) header.size = data.size();
        return raw(header_block(header) + padded(data));
    }
    Archive& file(const std::string& name, const std::string& content = "", unsigned mode = 0644) {
        return add({.name = name, .mode = mode}, content);
    }
    Archive& directory(const std::string& name, unsigned mode = 0755, std::uint64_t mtime = 1'000'000'000) {
        return add({.name = name, .type = '5', .mode = mode, .mtime = mtime});
    }
    Archive& symlink(const std::string& name, const std::string& target) {
        return add({.name = name, .type = '2', .link = target, .mode = 0777});
    }
    Archive& hardlink(const std::string& name, const std::string& target) {
        return add({.name = name, .type = '1', .link = target});
    }
    Archive& fifo(const std::string& name, unsigned mode = 0644) {
        return add({.name = name, .type = '6', .mode = mode});
    }
    Archive& device(const std::string& name, unsigned major, unsigned minor) {
        return add({.name = name, .type = '3', .mode = 0666, .major = major, .minor = minor});
    }
    /// An extended header for the next entry.
    Archive& pax(const std::string& records, char type = 'x') {
        return add({.name = "PaxHeaders", .type = type, .size = records.size()}, records);
    }
    /// A GNU long name ('L') or long link target ('K') for the next entry.
    Archive& gnu_long(char type, const std::string& text) {
        return add({.name = "././@LongLink", .type = type, .gnu = true}, text + std::string(1, '\0'));
    }
    Archive& raw(const std::string& bytes) {
        bytes_ += bytes;
        return *this;
    }
    /// The archive with its two zero blocks.
    [[nodiscard]] std::string bytes() const { return bytes_ + std::string(1024, '\0'); }
    [[nodiscard]] const std::string& unfinished() const { return bytes_; }

private:
    std::string bytes_;
};

}  // namespace ocimg::test
