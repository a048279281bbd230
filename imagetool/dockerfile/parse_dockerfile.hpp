#pragma once
// Dockerfile text to typed instructions. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/dockerfile/finding.hpp"
#include "imagetool/dockerfile/instruction.hpp"

namespace ocimg::dockerfile {

/// What `# name=value` lines at the top of the file say.
struct Directives {
    std::string syntax;
    char escape = '\\';
    std::string check;  // the value of `# check=`: "skip=JSONArgsRecommended;error=true"

    bool operator==(const Directives&) const = default;
};

struct Dockerfile {
    std::string file;  // its name in messages
    std::string text;  // for findings that quote it
    Directives directives;
    std::vector<Instruction> global_args;  // ARG before the first FROM
    std::vector<Stage> stages;             // at least one
    std::vector<Finding> warnings;  // what the parser itself sees: empty continuation lines and the like
};

/// Bounds of what a file may ask for, so that a hostile one costs no more than a second.
struct ParseLimits {
    std::size_t file_bytes = std::size_t{1} << 20;
    std::size_t line_bytes = 65535;  // of a physical line
    std::size_t stages = 1000;
};

/// Reads a whole file. The error text has file, line and column, the sentence, and the line with a caret
/// below.
oci::Result<Dockerfile> parse_dockerfile(std::string_view text, const std::string& file,
                                         const ParseLimits& limits = {});

/// Reads one trigger of a base image's OnBuild. `origin` names it in errors. FROM, MAINTAINER and ONBUILD are
/// refused.
oci::Result<Instruction> parse_trigger(std::string_view text, const std::string& origin);

}  // namespace ocimg::dockerfile
