#pragma once
// Who wants to know what a layer does to a tree, in the pass that does it.

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// Told of each change after it was made. Paths are places in the root without symbolic links on the way,
/// and without slashes at their ends; the root itself is "".
class ApplyObserver {
public:
    ApplyObserver() = default;
    virtual ~ApplyObserver() = default;
    ApplyObserver(const ApplyObserver&) = delete;
    ApplyObserver& operator=(const ApplyObserver&) = delete;

    /// A file or directory was made or got new attributes, those of `entry`. `number` counts the entries
    /// of the layer from 0. `inode` is 0 for what has no content of its own (links, nodes).
    virtual oci::Result<void> made(const std::string& path, const Entry& entry, std::uint64_t number,
                                   ino_t inode) = 0;
    /// A further name of the file at `target`.
    virtual oci::Result<void> linked(const std::string& path, const std::string& target, ino_t inode) = 0;
    /// What stood at the path is gone, with all below it.
    virtual oci::Result<void> removed(const std::string& path) = 0;
};

}  // namespace ocimg
