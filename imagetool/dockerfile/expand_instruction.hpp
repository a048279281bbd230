#pragma once
// An instruction with its variables filled in. Pure.

#include <set>
#include <string>

#include "base/result.hpp"
#include "imagetool/dockerfile/expand_word.hpp"
#include "imagetool/dockerfile/instruction.hpp"

namespace ocimg::dockerfile {

/// The expanded instruction, and the variables it met.
struct Expanded {
    Instruction instruction;
    std::set<std::string> used;   // had a value
    std::set<std::string> unset;  // had none (for warnings)
};

/// Expands everything the language expands: words of ADD, COPY, ENV, EXPOSE, FROM, LABEL, STOPSIGNAL, USER,
/// VOLUME, WORKDIR and ARG, flag values of RUN, heredoc files of COPY and ADD. Bodies of RUN, CMD,
/// ENTRYPOINT, HEALTHCHECK and SHELL are left to the shell, ONBUILD to the build that triggers it. Afterwards
/// every FlagValue with a text has a value. All words see the variables as they were before the instruction
/// (`ENV abc=bye def=$abc`).
oci::Result<Expanded> expand_instruction(const Instruction& instruction, const Lookup& lookup, char escape,
                                         ExpansionBudget& budget);

}  // namespace ocimg::dockerfile
