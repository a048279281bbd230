#pragma once
// Walks files that COPY, ADD and cache keys are about: sorted, no link followed, what is ignored left out.

#include <sys/stat.h>

#include <functional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/dockerfile/ignore_file.hpp"

namespace ocimg::build {

/// What a walk leaves out.
struct FileFilter {
    const dockerfile::IgnoreMatcher* ignore = nullptr;   // asked with `prefix` in front; null: nothing
    std::string prefix;                                  // of the walked directory; empty: the tree's top
    const dockerfile::IgnoreMatcher* exclude = nullptr;  // asked with the path below the walked directory
};

/// A file of a walk, named by its open directory.
struct VisitedFile {
    std::string path;  // below the walked directory
    oci::BorrowedFd parent;
    std::string name;
    struct stat status {};
};

/// Visits everything below `directory`, each directory before what it holds. A directory that is left out is
/// visited all the same when something in it is not.
oci::Result<void> walk_files(oci::BorrowedFd directory, const FileFilter& filter,
                             const std::function<oci::Result<void>(const VisitedFile&)>& visit);

/// Whether the filter leaves out a path below the walked directory.
bool is_left_out(const FileFilter& filter, const std::string& path);

}  // namespace ocimg::build
