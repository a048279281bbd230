#pragma once
// A layer as a tar archive, entry by entry, written by hand so that it may also be wrong.

#include <string>
#include <string_view>

namespace conformance {

class TarBuilder {
public:
    TarBuilder& file(const std::string& path, std::string_view content, unsigned mode = 0644,
                     unsigned uid = 0, unsigned gid = 0);
    TarBuilder& directory(const std::string& path, unsigned mode = 0755, unsigned uid = 0, unsigned gid = 0);
    TarBuilder& symlink(const std::string& path, const std::string& target);
    TarBuilder& hardlink(const std::string& path, const std::string& target);
    TarBuilder& device(const std::string& path, char kind, unsigned major,
                       unsigned minor);  // '3', '4' or '6'
    /// An empty file ".wh.NAME" or ".wh..wh..opq".
    TarBuilder& whiteout(const std::string& path) { return file(path, ""); }
    /// A PAX record for the next entry ("SCHILY.xattr.user.key", "value").
    TarBuilder& record(const std::string& key, const std::string& value);

    /// The archive with its end.
    [[nodiscard]] std::string bytes() const { return text_ + std::string(1024, '\0'); }

private:
    struct Entry {
        std::string path;
        char kind = '0';
        unsigned mode = 0644;
        unsigned uid = 0;
        unsigned gid = 0;
        std::string link;
        unsigned major = 0;
        unsigned minor = 0;
    };
    TarBuilder& add(const Entry& entry, std::string_view content);
    void add_header(const Entry& entry, std::size_t size);
    void add_content(std::string_view content);

    std::string text_;
    std::string records_;
};

/// The time every entry has: 2001-09-09 01:46:40.
inline constexpr long tar_time = 1000000000;

/// The bytes as a gzip member and as a zstd frame, neither made smaller.
std::string as_gzip(std::string_view data);
std::string as_zstd(std::string_view data);

}  // namespace conformance
