#pragma once
// --output: the files of the result, without an image around them.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg::build {

struct OutputRequest {
    enum class Kind { directory, tar };
    Kind kind = Kind::directory;
    std::string destination;  // path; "-" is standard output (tar)
};

/// "type=local,dest=DIR", "type=tar,dest=FILE", or only DIR, or "-".
oci::Result<OutputRequest> parse_output(const std::string& text);

/// Writes the files below `root`. A directory is made when it is not there, and filled up when it is. No
/// time of a tar is later than `latest`.
oci::Result<void> write_output(oci::BorrowedFd root, const OutputRequest& request, std::int64_t latest);

}  // namespace ocimg::build
