#include "imagetool/cli/file_rows.hpp"

#include "imagetool/cli/format.hpp"
#include "imagetool/look/compare_trees.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg {

namespace {

char kind_letter(EntryKind kind) {
    switch (kind) {
        case EntryKind::directory:
            return 'd';
        case EntryKind::symbolic_link:
            return 'l';
        case EntryKind::hard_link:
            return 'h';
        case EntryKind::character_device:
            return 'c';
        case EntryKind::block_device:
            return 'b';
        case EntryKind::fifo:
            return 'p';
        case EntryKind::file:
            break;
    }
    return '-';
}

std::string mode_letters(const Entry& entry) {
    std::string text(1, kind_letter(entry.kind));
    constexpr std::string_view letters = "rwxrwxrwx";
    for (std::size_t i = 0; i < letters.size(); ++i) {
        text += ((entry.mode >> (8U - i)) & 1U) != 0 ? letters[i] : '-';
    }
    const auto special = [&](std::size_t place, std::uint32_t bit, char with, char without) {
        if ((entry.mode & bit) != 0) text[place] = text[place] == 'x' ? with : without;
    };
    special(3, 04000, 's', 'S');
    special(6, 02000, 's', 'S');
    special(9, 01000, 't', 'T');
    return text;
}

std::string time_text(const Timestamp& time) {
    constexpr std::int64_t year_0 = -62167219200;
    constexpr std::int64_t year_9999 = 253402300799;
    if (time.seconds < year_0 || time.seconds > year_9999) return std::to_string(time.seconds);
    return to_text(oci::spec::Timestamp{.seconds = time.seconds, .nanoseconds = time.nanoseconds});
}

std::string device_text(const Entry& entry) {
    return std::to_string(entry.device_major) + "," + std::to_string(entry.device_minor);
}

bool is_device(const Entry& entry) {
    return entry.kind == EntryKind::character_device || entry.kind == EntryKind::block_device;
}

std::string path_text(const FileRow& row) {
    if (row.whiteout == WhiteoutKind::single) return row.path + " (removed)";
    if (row.whiteout == WhiteoutKind::opaque) return row.path + " (emptied)";
    if (row.entry.link_target.empty()) return row.path;
    return row.path + (row.entry.kind == EntryKind::hard_link ? " = " : " -> ") + row.entry.link_target;
}

}  // namespace

FileRow row_of(const TreeNode& node) {
    FileRow row{.path = "/" + node.path(), .entry = node.entry, .layer = node.layer};
    if (node.content != nullptr) {
        row.size = node.content->size;
        row.digest = node.content->digest;
    }
    return row;
}

FileRow row_of(const LayerEntry& listed, std::size_t layer) {
    FileRow row{
        .entry = listed.entry, .size = listed.entry.size, .layer = layer, .whiteout = listed.whiteout.kind};
    row.path = "/" + listed.path.full();
    const std::string parent = "/" + listed.path.parent;
    if (listed.whiteout.kind == WhiteoutKind::opaque) row.path = parent;
    if (listed.whiteout.kind == WhiteoutKind::single) {
        row.path = parent + (listed.path.parent.empty() ? "" : "/") + listed.whiteout.target;
    }
    return row;
}

std::string rows_as_text(const std::vector<FileRow>& rows) {
    std::vector<std::vector<std::string>> table{{"MODE", "OWNER", "SIZE", "TIME", "LAYER", "PATH"}};
    for (const FileRow& row : rows) {
        table.push_back({mode_letters(row.entry),
                         std::to_string(row.entry.uid) + ":" + std::to_string(row.entry.gid),
                         is_device(row.entry) ? device_text(row.entry) : std::to_string(row.size),
                         time_text(row.entry.mtime), std::to_string(row.layer), path_text(row)});
    }
    return text_table(table);
}

void write_row(oci::spec::JsonWriter& out, const FileRow& row) {
    out.begin_object();
    json_field(out, "path", row.path);
    if (row.whiteout != WhiteoutKind::none) {
        json_field(out, "whiteout", row.whiteout == WhiteoutKind::single ? "removed" : "emptied");
    } else {
        json_field(out, "kind", kind_name(row.entry.kind));
    }
    json_field(out, "mode", mode_text(row.entry.mode));
    json_number(out, "uid", row.entry.uid);
    json_number(out, "gid", row.entry.gid);
    json_number(out, "size", row.size);
    json_field(out, "mtime", time_text(row.entry.mtime));
    json_number(out, "layer", row.layer);
    if (!row.entry.link_target.empty()) json_field(out, "target", row.entry.link_target);
    if (is_device(row.entry)) json_field(out, "device", device_text(row.entry));
    if (!row.digest.empty()) json_field(out, "digest", row.digest);
    if (!row.entry.xattrs.empty()) {
        out.key("xattrs");
        out.begin_object();
        for (const auto& [name, value] : row.entry.xattrs) json_field(out, name, xattr_text(value));
        out.end_object();
    }
    out.end_object();
}

std::string rows_as_json(const std::vector<FileRow>& rows) {
    oci::spec::JsonWriter out("    ");
    out.begin_array();
    for (const FileRow& row : rows) write_row(out, row);
    out.end_array();
    return out.take() + "\n";
}

}  // namespace ocimg
