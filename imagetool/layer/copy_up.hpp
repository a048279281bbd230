#pragma once
// Copies one file of the lower layers into a layer's own directory, as an overlay mount does before a
// change: content, owner, mode, attributes and time.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/lower_layers.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// Gives `target` the owner, mode and attributes of the directory `source`. The time is the caller's.
oci::Result<void> copy_directory_attributes(const LowerFile& source, oci::BorrowedFd target);

/// The modification time of a lower file.
oci::Result<Timestamp> time_of_lower(const LowerFile& source);

/// The target of a symbolic link of the lower layers.
oci::Result<std::string> link_target_of(const LowerFile& link);

/// Makes a copy of anything but a directory at `name`, which must not be there.
oci::Result<void> copy_file_up(const LowerFile& source, oci::BorrowedFd directory, const std::string& name);

}  // namespace ocimg
