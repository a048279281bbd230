#pragma once
// How one tool is called: a YAML file of argv templates, so that no tool is special to the suite.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace conformance {

struct ToolProfile {
    std::string name;                                         // "runc"
    std::string kind;                                         // "runtime" or "image"
    std::string program;                                      // absolute path of the executable
    std::map<std::string, std::vector<std::string>> command;  // verb -> words with {placeholders}
    std::map<std::string, std::string> facts;                 // what the file says besides ("spec": "1.0")

    [[nodiscard]] bool can(const std::string& verb) const { return command.contains(verb); }
};

using Placeholders = std::map<std::string, std::string>;

/// The profile for a program named by path or found in PATH: tools/NAME.yaml by the program's own name, else
/// the generic one of that kind. `profile` may name a file or another tool instead.
oci::Result<ToolProfile> load_profile(const std::string& tools_directory, const std::string& kind,
                                      const std::string& program, const std::string& profile);

/// argv of a verb. A word that is exactly "{extra}" is replaced by the words of `extra`.
std::vector<std::string> expand_command(const ToolProfile& tool, const std::string& verb,
                                        const Placeholders& values,
                                        const std::vector<std::string>& extra = {});

/// The absolute path of a program as execvp would find it.
oci::Result<std::string> find_program(const std::string& name);

}  // namespace conformance
