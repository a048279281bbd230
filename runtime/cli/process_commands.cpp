#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/container/create_container.hpp"
#include "runtime/container/exec_container.hpp"

// create, run and exec: the commands that start processes.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::cli::Values;

namespace {

/// --preserve-fds, and LISTEN_FDS of systemd's socket activation when it is meant for this process.
Result<PassedDescriptors> passed_descriptors(const Values& values) {
    PassedDescriptors passed;
    const char* count = std::getenv("LISTEN_FDS");
    const char* pid = std::getenv("LISTEN_PID");
    if (count != nullptr && pid != nullptr && oci::parse_integer<pid_t>(pid) == ::getpid()) {
        passed.listen_count = oci::parse_integer<int>(count).value_or(0);
    }
    const std::string preserved = values.get("preserve-fds");
    if (!preserved.empty()) {
        const auto number = oci::parse_integer<int>(preserved);
        constexpr int most = 65536;
        if (!number || *number < 0 || *number > most) {
            return failure(ErrorCode::invalid, "--preserve-fds: " + oci::quote(preserved) +
                                                   ": expected a number from 0 to 65536");
        }
        passed.count = *number;
    }
    passed.count += passed.listen_count;
    for (int descriptor = 3; descriptor < 3 + passed.count; ++descriptor) {
        if (::fcntl(descriptor, F_GETFD) >= 0) continue;
        return failure(ErrorCode::invalid, "please check that preserved-fd " +
                                               std::to_string(descriptor - 3) + " (of " +
                                               std::to_string(passed.count) + ") is present: descriptor " +
                                               std::to_string(descriptor) + " is not open");
    }
    // What else the caller left open is nobody's business in a container (CVE-2024-21626).
    TRY(oci::close_at_execve(3 + passed.count, TRY(oci::open_file("/proc", O_PATH | O_DIRECTORY))));
    return passed;
}

/// A path that must mean the same after any change of directory.
Result<std::string> absolute_option(const Values& values, const char* name) {
    const std::string path = values.get(name);
    if (path.empty()) return path;
    return oci::absolute_path(path);
}

Result<CreateOptions> create_options(const CommandContext& context) {
    const Values& values = *context.values;
    CreateOptions options;
    options.state_root = context.state_root;
    options.id = context.id();
    options.bundle = values.get("bundle");
    options.config_file = values.get("config");
    options.console_socket = values.get("console-socket");
    options.pidfd_socket = values.get("pidfd-socket");
    options.pid_file = TRY(absolute_option(values, "pid-file"));
    options.no_pivot = values.has("no-pivot");
    options.new_keyring = !values.has("no-new-keyring");
    options.systemd_cgroup = context.systemd_cgroup;
    options.cgroups_disabled = context.cgroups_disabled;
    options.unsafe_annotations = context.unsafe_annotations;
    if (const char* service_manager = std::getenv("NOTIFY_SOCKET")) options.notify_socket = service_manager;
    options.passed = TRY(passed_descriptors(values));
    return options;
}

Result<std::vector<std::uint32_t>> group_numbers(const std::vector<std::string>& texts) {
    std::vector<std::uint32_t> numbers;
    for (const std::string& text : texts) {
        const auto number = oci::parse_integer<std::uint32_t>(text);
        if (!number)
            return failure(ErrorCode::invalid,
                           "--additional-gids: " + oci::quote(text) + ": expected a group number");
        numbers.push_back(*number);
    }
    return numbers;
}

Result<ExecContainerOptions> exec_options(const CommandContext& context) {
    const Values& values = *context.values;
    ExecContainerOptions options;
    options.state_root = context.state_root;
    options.id = context.id();
    options.process_file = values.get("process");
    options.arguments.assign(values.arguments().begin() + 1, values.arguments().end());
    options.environment = values.all("env");
    options.cwd = values.get("cwd");
    options.user = values.get("user");
    options.additional_gids = TRY(group_numbers(values.all("additional-gids")));
    options.capabilities = values.all("cap");
    options.apparmor_profile = values.get("apparmor");
    options.process_label = values.get("process-label");
    options.no_new_privileges = values.has("no-new-privs");
    options.tty = values.has("tty");
    options.detach = values.has("detach");
    options.ignore_paused = values.has("ignore-paused");
    options.subreaper = !values.has("no-subreaper");
    options.console_socket = values.get("console-socket");
    options.pidfd_socket = values.get("pidfd-socket");
    options.cgroups = values.all("cgroup");
    options.pid_file = TRY(absolute_option(values, "pid-file"));
    options.passed = TRY(passed_descriptors(values));
    if (options.process_file.empty() && options.arguments.empty()) {
        return failure(ErrorCode::invalid, "process args cannot be empty: give a command, or --process FILE");
    }
    return options;
}

}  // namespace

Result<int> create_command(CommandContext& context) {
    const CreateOptions options = TRY(create_options(context));
    context.warnings = TRY(create_container(options).in("ocirun create failed"));
    return 0;
}

Result<int> run_command(CommandContext& context) {
    RunOptions options;
    options.create = TRY(create_options(context));
    options.detach = context.values->has("detach");
    options.keep = context.values->has("keep");
    options.subreaper = !context.values->has("no-subreaper");
    return run_container(options, context.warnings).in("ocirun run failed");
}

Result<int> exec_command(CommandContext& context) {
    const ExecContainerOptions options = TRY(exec_options(context));
    return exec_in_container(options, context.warnings).in("exec failed");
}

}  // namespace ocirun
