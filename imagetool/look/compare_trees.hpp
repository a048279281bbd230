#pragma once
// What is different between two trees of files. Pure.

#include <string>
#include <vector>

#include "imagetool/look/image_tree.hpp"

namespace ocimg {

enum class Change { added, removed, changed };

/// One aspect in which a file changed: "mode" from "0644" to "0755".
struct Aspect {
    std::string name;
    std::string before;
    std::string after;
};

struct FileDifference {
    std::string path;  // without a leading slash
    Change change = Change::changed;
    std::vector<Aspect> aspects;  // of a changed file; at least one
};

struct TreeCompareOptions {
    bool mtime = false;  // modification times count as a difference
};

/// The differences in the order of paths, each directory before what it holds. Contents are compared by
/// size and digest: both trees must have been read with digests.
std::vector<FileDifference> compare_trees(const ImageTree& before, const ImageTree& after,
                                          const TreeCompareOptions& options);

/// "directory", "file", "symbolic link"...
std::string_view kind_name(EntryKind kind);
/// The value of an attribute as text: itself when it is printable UTF-8, else "0x" and its bytes.
std::string xattr_text(const std::string& value);
/// "0644"
std::string mode_text(std::uint32_t mode);

}  // namespace ocimg
