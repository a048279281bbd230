#pragma once
// Walks a directory tree in the order of a layer: sorted, each directory before what it holds.

#include <functional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// Called for each entry; `content` is the opened file for regular files, else not open.
using VisitEntry = std::function<oci::Result<void>(Entry& entry, oci::BorrowedFd content)>;

/// The attributes of the open directory `directory` as an entry of the given name.
oci::Result<Entry> describe_directory(oci::BorrowedFd directory, std::string name);

/// Visits everything below `directory`. Names are relative ("bin/sh"); directories end in "/". Further
/// names of a file are hard links to the first one. Sockets are left out. No link is followed.
oci::Result<void> scan_tree(oci::BorrowedFd directory, const VisitEntry& visit);

}  // namespace ocimg
