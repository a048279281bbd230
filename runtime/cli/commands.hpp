#pragma once
// What each command does: options to a call, the answer to standard output.

#include <string>
#include <vector>

#include "base/command_line.hpp"
#include "base/result.hpp"

namespace ocirun {

/// What every command is given.
struct CommandContext {
    const oci::cli::Values* global = nullptr;
    const oci::cli::Values* values = nullptr;
    std::string state_root;
    bool systemd_cgroup = false;
    bool cgroups_disabled = false;
    bool unsafe_annotations = false;
    std::vector<std::string> warnings;  // printed after the command

    [[nodiscard]] const std::string& id() const { return values->arguments().front(); }
};

/// The exit code of the program, or the error that main prints.
using CommandFunction = oci::Result<int> (*)(CommandContext&);

/// A command's table, and what it does.
struct CommandEntry {
    oci::cli::Command table;
    CommandFunction run = nullptr;
    bool enters_container = false;  // runs from a sealed copy of the binary
};

/// Every command, in the order in which help shows them.
const std::vector<CommandEntry>& command_entries();
std::vector<CommandEntry> process_entries();
std::vector<CommandEntry> lifecycle_entries();
std::vector<CommandEntry> query_entries();
std::vector<CommandEntry> checkpoint_entries();
CommandEntry update_entry();
CommandEntry mounts_entry();
CommandEntry events_entry();
CommandEntry validate_entry();
CommandEntry info_entry();

oci::Result<int> create_command(CommandContext& context);
oci::Result<int> run_command(CommandContext& context);
oci::Result<int> exec_command(CommandContext& context);
oci::Result<int> start_command(CommandContext& context);
oci::Result<int> state_command(CommandContext& context);
oci::Result<int> kill_command(CommandContext& context);
oci::Result<int> delete_command(CommandContext& context);
oci::Result<int> pause_command(CommandContext& context);
oci::Result<int> resume_command(CommandContext& context);
oci::Result<int> update_command(CommandContext& context);
oci::Result<int> mounts_command(CommandContext& context);
oci::Result<int> events_command(CommandContext& context);
oci::Result<int> checkpoint_command(CommandContext& context);
oci::Result<int> restore_command(CommandContext& context);
oci::Result<int> list_command(CommandContext& context);
oci::Result<int> ps_command(CommandContext& context);
oci::Result<int> spec_command(CommandContext& context);
oci::Result<int> features_command(CommandContext& context);
oci::Result<int> plan_command(CommandContext& context);
oci::Result<int> generate_command(CommandContext& context);

/// Writes to standard output in full.
oci::Result<void> print(std::string_view text);

/// The whole program: parses, runs, prints errors; returns the exit code.
int run_program(int argc, char** argv);

}  // namespace ocirun
