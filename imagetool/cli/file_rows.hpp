#pragma once
// Files of images as rows for people and as JSON.

#include <optional>
#include <string>
#include <vector>

#include "imagetool/look/image_tree.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

struct FileRow {
    std::string path;  // "/etc/passwd"
    Entry entry;
    std::uint64_t size = 0;
    std::size_t layer = 0;
    WhiteoutKind whiteout = WhiteoutKind::none;
    std::string digest;  // of the content, when it is known
};

/// A file of the image.
FileRow row_of(const TreeNode& node);
/// An entry of a layer; of a whiteout the path is the one that it hides.
FileRow row_of(const LayerEntry& listed, std::size_t layer);

/// "drwxr-xr-x  0:0  4096  2020-02-02T02:02:02Z  2  /etc/x -> y"
std::string rows_as_text(const std::vector<FileRow>& rows);
std::string rows_as_json(const std::vector<FileRow>& rows);
void write_row(oci::spec::JsonWriter& out, const FileRow& row);

}  // namespace ocimg
