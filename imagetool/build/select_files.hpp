#pragma once
// From the source words of COPY and ADD to files of a tree: wildcards, links, what is ignored. No lookup
// leaves the tree.

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/dockerfile/ignore_file.hpp"

namespace ocimg::build {

/// Where files are taken from: the build context, the files of a stage or of an image.
struct FileTree {
    oci::BorrowedFd root;
    const dockerfile::IgnoreMatcher* ignore = nullptr;  // of the build context
    bool is_context = false;                            // its files belong to nobody: they become root's
    bool has_dates = true;                              // false: the times of its files do not count
    std::string name;                                   // for messages: "the build context", "stage build"
};

/// A file that a source word stands for.
struct SelectedFile {
    std::string path;     // below the tree's root, links resolved; empty: the root itself
    std::string name;     // its own name, in a destination that is a directory
    std::string parents;  // --parents: the directories to make in the destination; else empty
    oci::Fd place;        // O_PATH
    struct stat status {};
};

struct Selection {
    std::vector<std::string> sources;
    bool parents = false;  // --parents: "/./" ends the part that is not made, "**" is any directories
};

/// The selected files, in order of the words, wildcards sorted. A word without wildcard that finds nothing
/// is an error; one with a wildcard may find nothing. "../" stays at the tree's root.
oci::Result<std::vector<SelectedFile>> select_files(const FileTree& tree, const Selection& selection);

}  // namespace ocimg::build
