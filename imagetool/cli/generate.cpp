#include <fcntl.h>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/program.hpp"

namespace ocimg {

using oci::Fd;
using oci::Result;

namespace {

Result<void> write_page(const std::string& directory, const std::string& name, std::string_view text) {
    TRY(oci::make_directories(directory, 0755));
    const Fd opened = TRY(oci::open_file(directory, O_RDONLY | O_DIRECTORY));
    return oci::replace_file(opened, name, text, 0644, oci::Durability::atomic_only).in(directory);
}

Result<int> run_generate(const oci::cli::Values& values) {
    const std::string directory = values.get("dir");
    if (directory.empty()) {
        return oci::failure(oci::ErrorCode::invalid, "generate: --dir DIRECTORY is required");
    }
    const oci::cli::Program& table = program();
    const std::string end = "." + table.manual_section;
    TRY(write_page(directory + "/man", table.name + end, oci::cli::program_man_page(table, OCIMG_VERSION)));
    for (const oci::cli::Command& command : table.commands) {
        if (command.hidden) continue;
        TRY(write_page(directory + "/man", table.name + "-" + command.name + end,
                       oci::cli::command_man_page(table, command, OCIMG_VERSION)));
    }
    TRY(write_page(directory + "/completion/bash", table.name, oci::cli::bash_completion(table)));
    TRY(write_page(directory + "/completion/zsh", "_" + table.name, oci::cli::zsh_completion(table)));
    TRY(write_page(directory + "/completion/fish", table.name + ".fish", oci::cli::fish_completion(table)));
    return 0;
}

oci::cli::Command generate_command() {
    oci::cli::Option directory = value_option("dir", "DIRECTORY", "where to write");
    directory.completes = oci::cli::Completes::directories;
    return {
        .name = "generate",
        .summary = "write the man pages and the completion scripts",
        .options = {directory},
        .hidden = true,
    };
}

}  // namespace

CommandEntry generate_entry() {
    return {generate_command(), run_generate};
}

}  // namespace ocimg
