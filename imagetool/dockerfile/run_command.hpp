#pragma once
// What a Command really starts: the shell in front, heredocs put back. Pure.

#include <optional>
#include <string>
#include <vector>

#include "imagetool/dockerfile/instruction.hpp"

namespace ocimg::dockerfile {

/// A script that RUN <<EOF with "#!" in its first line leaves to the system: mounted read-only, mode 0755.
struct ScriptFile {
    std::string path;  // "/dev/pipes/EOF"
    std::string content;
};

struct RunArguments {
    std::vector<std::string> argv;
    std::optional<ScriptFile> script;
};

/// argv of a RUN step. `shell` is SHELL or {"/bin/sh", "-c"}. The body of a lone heredoc is the shell's
/// script; one that begins with "#!" becomes a file; anything else is given to the shell with its heredocs
/// behind it.
RunArguments run_arguments(const Command& command, const std::vector<std::string>& shell);

/// Cmd, Entrypoint of an image: the words, with the shell in front in shell form.
std::vector<std::string> config_arguments(const Command& command, const std::vector<std::string>& shell);

}  // namespace ocimg::dockerfile
