#pragma once
// Copies selected files into a root file system: what COPY does, and ADD with files of the context.

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/file_maker.hpp"
#include "imagetool/build/select_files.hpp"

namespace ocimg::build {

struct CopyRequest {
    std::string destination;  // absolute; a slash at its end means a directory
    CopiedAttributes attributes;
    const dockerfile::IgnoreMatcher* exclude = nullptr;
    bool several = false;           // more than one source word: the destination is a directory
    bool keep_directories = false;  // --parents: a selected directory is copied itself, not what it holds
};

/// Copies one selected file, or what a selected directory holds. Missing directories of the destination are
/// made (0755). Links in the destination are followed inside `rootfs`.
oci::Result<void> copy_files(const FileTree& tree, const SelectedFile& file, oci::BorrowedFd rootfs,
                             const CopyRequest& request);
/// Copies everything a directory of a tree holds.
oci::Result<void> copy_directory(const FileTree& tree, const std::string& source,
                                 oci::BorrowedFd destination);

/// Opens a directory of the root, made with its missing parents (0755, `owner`).
oci::Result<oci::Fd> make_owned_directories(oci::BorrowedFd rootfs, const std::string& path,
                                            const Owner& owner);

}  // namespace ocimg::build
