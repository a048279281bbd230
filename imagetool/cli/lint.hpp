#pragma once
// Checks of a Dockerfile on disk: what `ocimg lint` and `ocimg build --check` do.

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "imagetool/dockerfile/check_dockerfile.hpp"
#include "imagetool/dockerfile/scope.hpp"

namespace ocimg {

struct LintInput {
    std::string file;     // the Dockerfile's path
    std::string context;  // a directory, for its ignore file
    dockerfile::BuildArguments arguments;
    bool json = false;
    /// What is known of base images, as CheckRequest has it; may be empty.
    std::function<std::optional<dockerfile::BaseFacts>(const std::string&, const oci::spec::Platform&)>
        base_facts;
};

/// Prints the findings; 1 when the file cannot be built, or has findings and asks for errors.
oci::Result<int> lint_dockerfile(const LintInput& input);

}  // namespace ocimg
