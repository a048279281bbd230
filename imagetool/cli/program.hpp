#pragma once
// The command line of ocimg: one table for parsing, help, man pages and completion.

#include <string>
#include <vector>

#include "base/command_line.hpp"

namespace ocimg {

/// The table of ocimg.
const oci::cli::Program& program();

/// Runs ocimg with argv[1..] and gives its exit code: 0, or 1 after one message on stderr.
int run_program(const std::vector<std::string>& words);

}  // namespace ocimg
