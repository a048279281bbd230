#pragma once
// Walks a directory tree in the order of a layer: sorted, each directory before what it holds.

#include <sys/stat.h>

#include <functional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// Called for each entry; `content` is the opened file for regular files, else not open.
using VisitEntry = std::function<oci::Result<void>(Entry& entry, oci::BorrowedFd content)>;

/// What a tree is, and what of it counts.
struct ScanOptions {
    /// The tree is the upper directory of an overlay mount made by mount_overlay() (or with the same
    /// options): its marks of deletion become whiteouts (".wh.NAME", and ".wh..wh..opq" in a directory
    /// that hides the lower ones), each before its siblings. Attributes of the overlay are left out, and
    /// attributes that it escaped get their names back. A mark of a file that is not whole (metacopy,
    /// redirect) is an error. The lower trees are not looked at.
    bool overlay_upper = false;
    /// Whether a path ("etc/hosts", without slashes around it) is left out, with all below it.
    std::function<bool(const std::string& path)> leaves_out;
};

/// The attributes of the open directory `directory` as an entry of the given name.
oci::Result<Entry> describe_directory(oci::BorrowedFd directory, std::string name);

/// A file as an entry: its attributes, and its content opened for reading (regular files).
struct OpenedEntry {
    Entry entry;
    oci::Fd content;
    struct stat status {};
    bool is_socket = false;  // no entry: it means something only to the process that made it
};

/// Describes `name` of an open directory as the entry `path` (directories get a slash at the end). No link
/// is followed, and what is a regular file or directory is described from the descriptor that is read.
oci::Result<OpenedEntry> open_entry(oci::BorrowedFd directory, const std::string& name,
                                    const std::string& path, bool overlay_upper = false);

/// Visits everything below `directory`. Names are relative ("bin/sh"); directories end in "/". Further
/// names of a file are hard links to the first one. Sockets are left out. A file whose name starts with
/// ".wh." is an error: a layer cannot hold it. No link is followed. Whoever
/// changes the tree meanwhile cannot lead the walk out of it (files are described from the descriptor
/// that is read).
oci::Result<void> scan_tree(oci::BorrowedFd directory, const ScanOptions& options, const VisitEntry& visit);
oci::Result<void> scan_tree(oci::BorrowedFd directory, const VisitEntry& visit);

}  // namespace ocimg
