#pragma once
// A build context that is no directory yet: a tar or a Dockerfile on standard input, a URL, a git repository.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"

namespace ocimg::build {

struct FetchedContext {
    std::string path;                       // of the directory
    std::optional<std::string> dockerfile;  // what came was no archive, but the Dockerfile itself
    std::optional<WorkDirectory> work;      // holds the directory, unless it is the user's own
};

/// "-" is standard input; a git reference and a URL are fetched; anything else is a path. Archives are
/// unpacked into a new directory, which nothing in them can leave.
oci::Result<FetchedContext> fetch_context(const std::string& context, const BuildCache& cache);

}  // namespace ocimg::build
