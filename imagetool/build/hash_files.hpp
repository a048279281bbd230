#pragma once
// The content of files as one digest: what decides whether a COPY of them is the same as before.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/select_files.hpp"

namespace ocimg::build {

struct HashedFiles {
    std::string digest;       // sha256
    std::int64_t newest = 0;  // latest modification time, seconds since 1970
    std::uint64_t files = 0;
};

/// Names, kinds, permissions, contents and link targets of the selected files and all below them; owners too,
/// unless they come from the build context. Times do not count, as in Docker.
oci::Result<HashedFiles> hash_files(const FileTree& tree, const std::vector<SelectedFile>& files,
                                    const dockerfile::IgnoreMatcher* exclude);

}  // namespace ocimg::build
