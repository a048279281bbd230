#pragma once
// Whom new files belong to: COPY --chown, and the user of WORKDIR.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/file_maker.hpp"

namespace ocimg::build {

/// "user", "user:group", with names looked up in the passwd and group files below `rootfs`. A number without
/// a group is also the group; a name without one has that of passwd. Empty is root.
oci::Result<Owner> find_owner(oci::BorrowedFd rootfs, const std::string& text);

}  // namespace ocimg::build
