#pragma once
// What was changed in an unpacked root: found by one walk that looks at inodes and times and reads no file.

#include <functional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/bundle/tree_records.hpp"

namespace ocimg {

struct CompareOptions {
    /// Whether a path is left out, with all below it.
    std::function<bool(const std::string& path)> leaves_out;
    /// Trust no time: every file whose attributes are the recorded ones is doubtful.
    bool doubt_everything = false;
};

struct TreeChanges {
    std::vector<std::string> changed;  // new or different; "" is the root
    std::vector<std::string> removed;  // each only if its directory is still there
    /// Regular files with the recorded attributes that were touched all the same: their content decides.
    std::vector<std::string> doubtful;
};

/// Compares the root with its records. A file counts as unchanged when its inode and size are the recorded
/// ones and it was not touched (change time) since unpacking; else all its attributes are compared. The
/// number of names of a file never counts; nor does the root directory's time.
oci::Result<TreeChanges> compare_tree(oci::BorrowedFd root, const TreeRecords& records,
                                      const CompareOptions& options);

}  // namespace ocimg
