#pragma once
// Checks of a Dockerfile on disk: what `ocimg lint` and `ocimg build --check` do.

#include <string>

#include "base/result.hpp"
#include "imagetool/dockerfile/scope.hpp"

namespace ocimg {

struct LintInput {
    std::string file;     // the Dockerfile's path
    std::string context;  // a directory, for its ignore file
    dockerfile::BuildArguments arguments;
    bool json = false;
};

/// Prints the findings; 1 when the file cannot be built, or has findings and asks for errors.
oci::Result<int> lint_dockerfile(const LintInput& input);

}  // namespace ocimg
