#include "imagetool/cli/format.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"

namespace ocimg {

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    std::vector<std::vector<std::string>> cells;
    for (const std::vector<std::string>& row : rows) {
        std::vector<std::string>& line = cells.emplace_back();
        for (const std::string& cell : row) line.push_back(printable(cell));
        if (widths.size() < line.size()) widths.resize(line.size());
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
    }
    std::string text;
    for (const std::vector<std::string>& row : cells) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string human_size(std::uint64_t bytes) {
    constexpr std::array<const char*, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) return std::to_string(bytes) + " B";
    std::size_t unit = 0;
    std::uint64_t tenths = bytes;
    std::uint64_t rest = 0;
    while (tenths >= 1000) {
        rest = tenths % 1000;
        tenths /= 1000;
        ++unit;
    }
    return std::to_string(tenths) + "." + std::to_string(rest / 100) + " " + units.at(unit);
}

std::string short_digest(std::string_view digest) {
    return std::string(digest.substr(digest.find(':') + 1).substr(0, 12));
}

std::string files_of(std::size_t number) {
    return oci::count_of(number, "file");
}

void json_field(oci::spec::JsonWriter& out, std::string_view name, std::string_view text) {
    out.key(name);
    out.string(oci::to_utf8(text));
}

void json_number(oci::spec::JsonWriter& out, std::string_view name, std::uint64_t number) {
    out.key(name);
    out.number(number);
}

std::string written_as_json(const std::string& tag, const oci::spec::Descriptor& descriptor) {
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_field(out, "tag", tag);
    json_field(out, "mediaType", descriptor.media_type);
    json_field(out, "digest", descriptor.digest);
    json_number(out, "size", static_cast<std::uint64_t>(descriptor.size));
    out.end_object();
    return out.take() + "\n";
}

}  // namespace ocimg
