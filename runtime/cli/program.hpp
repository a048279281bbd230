#pragma once
// The command line of ocirun as a table: what parsing, help, man pages and completion are made from.

#include "base/command_line.hpp"

namespace ocirun {

const oci::cli::Program& program_table();

/// The version of this build, "0.1.0".
const char* version();

}  // namespace ocirun
