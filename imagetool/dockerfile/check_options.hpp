#pragma once
// `# check=skip=Rule,Rule;error=true;experimental=all`: which checks of a Dockerfile count. Pure.

#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// Names of rules are in lower case.
struct CheckOptions {
    bool skip_all = false;
    std::set<std::string, std::less<>> skipped;
    bool warnings_are_errors = false;
    bool all_experimental = false;
    std::set<std::string, std::less<>> experimental;
};

/// Reads the value of the directive, or of the build argument BUILDKIT_DOCKERFILE_CHECK. Rules that are not
/// known are allowed: a file may be made for a newer version.
oci::Result<CheckOptions> parse_check_options(std::string_view text);

}  // namespace ocimg::dockerfile
