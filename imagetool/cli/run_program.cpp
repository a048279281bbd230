#include <algorithm>
#include <array>
#include <string_view>

#include "base/file.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/program.hpp"

namespace ocimg {

namespace {

using oci::Result;

struct Runner {
    std::string_view name;
    Result<void> (*run)(const oci::cli::Values&);
};

constexpr std::array<Runner, 7> runners{{
    {"append", run_append},
    {"config", run_config},
    {"generate", run_generate},
    {"inspect", run_inspect},
    {"list", run_list},
    {"new", run_new},
    {"unpack", run_unpack},
}};

Result<void> run(const std::vector<std::string>& words) {
    const oci::cli::Invocation invocation = TRY(oci::cli::parse_command_line(program(), words));
    if (invocation.version) return print("ocimg version " OCIMG_VERSION "\n");
    if (invocation.help || invocation.command == nullptr) {
        return print(invocation.command == nullptr ? oci::cli::program_help(program())
                                                   : oci::cli::command_help(program(), *invocation.command));
    }
    const auto* const runner = std::find_if(runners.begin(), runners.end(), [&](const Runner& candidate) {
        return candidate.name == invocation.command->name;
    });
    if (runner == runners.end()) return oci::failure("the command is not built in");
    return runner->run(invocation.values);
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
    const Result<void> outcome = run(words);
    if (outcome) return 0;
    // Nobody can be told when even this fails; the exit code still says it.
    static_cast<void>(
        oci::write_all(oci::BorrowedFd(STDERR_FILENO), "ocimg: " + outcome.error().text + "\n"));
    return 1;
}

}  // namespace ocimg
