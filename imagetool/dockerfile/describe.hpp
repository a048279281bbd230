#pragma once
// A parsed Dockerfile as text, one instruction a block: for tests and for people who wonder what was
// understood. Pure.

#include <string>

#include "imagetool/dockerfile/parse_dockerfile.hpp"

namespace ocimg::dockerfile {

/// Directives, global arguments, stages with their instructions, warnings; strings are quoted.
std::string describe(const Dockerfile& file);
/// One instruction: "RUN shell \"make\"" and its flags, a line each.
std::string describe(const Instruction& instruction);

}  // namespace ocimg::dockerfile
