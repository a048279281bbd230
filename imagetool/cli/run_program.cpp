#include <algorithm>
#include <string_view>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/program.hpp"

namespace ocimg {

namespace {

using oci::Result;

Result<int> run(const std::vector<std::string>& words) {
    const oci::cli::Invocation invocation = TRY(oci::cli::parse_command_line(program(), words));
    if (invocation.version) {
        TRY(print("ocimg version " OCIMG_VERSION "\n"));
        return 0;
    }
    if (invocation.help || invocation.command == nullptr) {
        TRY(print(invocation.command == nullptr ? oci::cli::program_help(program())
                                                : oci::cli::command_help(program(), *invocation.command)));
        return 0;
    }
    const auto& entries = command_entries();
    const auto entry = std::find_if(entries.begin(), entries.end(), [&](const CommandEntry& candidate) {
        return candidate.command.name == invocation.command->name;
    });
    if (entry == entries.end()) return oci::failure("the command is not built in");
    return entry->run(invocation.values);
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
    const Result<int> outcome = run(words);
    if (outcome) return *outcome;
    // Nobody can be told when even this fails; the exit code still says it.
    static_cast<void>(
        oci::write_all(oci::BorrowedFd(STDERR_FILENO), "ocimg: " + outcome.error().text + "\n"));
    return oci::interruption() == 0 ? 1 : 128 + oci::interruption();
}

}  // namespace ocimg
