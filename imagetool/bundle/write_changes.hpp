#pragma once
// Writes the changes of a root as a layer: sorted, whiteouts before their siblings.

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/bundle/compare_tree.hpp"
#include "imagetool/layer/owners.hpp"
#include "imagetool/layer/write_layer.hpp"

namespace ocimg {

/// A changed path, or one that is to be removed.
struct ChangedPath {
    std::string path;
    bool is_removed = false;
};

/// In the order of a layer: each directory before what it holds, in each directory whiteouts first, names
/// sorted as bytes.
std::vector<ChangedPath> in_layer_order(const TreeChanges& changes);

/// Told of each entry that was written: its path and attributes, and its number in the layer.
using WroteEntry = std::function<void(const std::string& path, const TreeRecord& record)>;

/// Writes the entries. Files are opened below `root` without following links, and described from the
/// descriptor that is read: whoever changes the root meanwhile cannot lead the walk out of it. Names that
/// read as whiteouts are an error; files that went away meanwhile too. `owners` (null: none) says whose the
/// files are in the image; `wrote` is told how they stand in the root.
oci::Result<void> write_changes(oci::BorrowedFd root, const std::vector<ChangedPath>& paths,
                                LayerWriter& writer, const Owners* owners, const WroteEntry& wrote);

}  // namespace ocimg
