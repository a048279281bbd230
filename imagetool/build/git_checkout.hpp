#pragma once
// Files of a git repository, by the program git: of ADD, and as a whole context.

#include <string>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/dockerfile/source_reference.hpp"

namespace ocimg::build {

/// What was checked out: a directory of `work`, with the times of the commit.
struct GitCheckout {
    oci::Fd directory;   // the tree, or its subdirectory
    std::string commit;  // full id
};

/// Fetches one commit into the new directory `name` of `work`. Neither hooks nor the user's or system's
/// configuration take part, nothing asks for a password, and only https, http, ssh and git are spoken,
/// submodules included.
oci::Result<GitCheckout> check_out_git(const dockerfile::GitReference& reference, bool keep_git_dir,
                                       const WorkDirectory& work, const std::string& name);

}  // namespace ocimg::build
