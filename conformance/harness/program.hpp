#pragma once
// oci-conformance's command line and where its files lie.

#include <string>

#include "base/command_line.hpp"
#include "base/result.hpp"

namespace conformance {

/// The table of options.
const oci::cli::Program& program();

/// Where requirements/, tools/ and schemas/ lie, and the probe.
struct Installation {
    std::string data;
    std::string probe;
};
/// Looks beside the program, then where it is installed; `data` may name another directory.
oci::Result<Installation> find_installation(const std::string& data);

/// The whole program: exit code 0 only when every selected case passed.
oci::Result<int> run_program(const std::vector<std::string>& words);

}  // namespace conformance
