#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/cgroup/systemd_bus.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/cli/default_spec.hpp"
#include "runtime/cli/features.hpp"
#include "runtime/cli/program.hpp"
#include "runtime/container/bundle.hpp"
#include "runtime/container/container.hpp"
#include "runtime/launch/probe_host.hpp"
#include "spec/json/writer.hpp"

// ps, spec, features, plan, generate: commands that only look or write files.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

namespace {

std::string find_in_path(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const std::string& directory : oci::split(path != nullptr ? path : "/usr/bin:/bin", ':')) {
        std::string candidate = directory;
        candidate += '/';
        candidate += name;
        if (!directory.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

Result<std::string> output_of_ps(const std::vector<std::string>& options) {
    const std::string path = find_in_path("ps");
    if (path.empty())
        return failure(ErrorCode::not_found, "ps: the program is not in $PATH; use --format json");
    const Fd output(::memfd_create("ps", MFD_CLOEXEC));
    if (!output.is_open()) return oci::last_system_failure("memfd_create");
    oci::SpawnRequest request;
    request.path = path;
    request.arguments = {"ps"};
    request.arguments.insert(request.arguments.end(), options.begin(), options.end());
    for (char** entry = environ; *entry != nullptr; ++entry) request.environment.emplace_back(*entry);
    request.standard_output = output;
    request.standard_error = oci::BorrowedFd(2);
    auto child = TRY(oci::spawn(request));
    const auto exit = TRY(child.wait());
    if (exit.shell_code() != 0) return failure("ps: " + exit.describe());
    if (::lseek(output.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("ps");
    return oci::read_all(output, std::size_t{64} << 20U);
}

/// The header and the rows of ps whose PID column names one of the processes.
Result<std::string> rows_of(const std::string& table, const std::vector<pid_t>& pids) {
    const std::vector<std::string> lines = oci::split(table, '\n');
    const std::vector<std::string> header = oci::words(lines.front());
    std::size_t column = 0;
    while (column < header.size() && header[column] != "PID") ++column;
    if (column == header.size()) return failure("ps: its output has no PID column");
    std::string text = lines.front() + "\n";
    for (const std::string& line : lines) {
        const std::vector<std::string> fields = oci::words(line);
        if (fields.size() <= column) continue;
        const auto pid = oci::parse_integer<pid_t>(fields[column]);
        if (pid && std::find(pids.begin(), pids.end(), *pid) != pids.end()) text += line + "\n";
    }
    return text;
}

std::string json_numbers(const std::vector<pid_t>& pids) {
    if (pids.empty()) return "null";
    std::string text = "[";
    for (std::size_t i = 0; i < pids.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(pids[i]);
    return text + "]";
}

Result<void> write_new_file(const std::string& path, std::string_view text) {
    const Fd file = TRY(oci::open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0644));
    return oci::write_all(file, text).in(path);
}

}  // namespace

Result<int> ps_command(CommandContext& context) {
    const std::string format = context.values->get("format");
    if (format != "table" && format != "json") {
        return failure(ErrorCode::invalid,
                       "invalid format option: " + oci::quote(format) + ": allowed are table and json");
    }
    const std::vector<pid_t> pids = TRY(container_processes(context.state_root, context.id()));
    if (format == "json") {
        TRY(print(json_numbers(pids) + "\n"));
        return 0;
    }
    std::vector<std::string> options(context.values->arguments().begin() + 1,
                                     context.values->arguments().end());
    if (!options.empty() && options.front() == "--") options.erase(options.begin());
    if (options.empty()) options = {"-ef"};
    TRY(print(TRY(rows_of(TRY(output_of_ps(options)), pids))));
    return 0;
}

Result<int> spec_command(CommandContext& context) {
    const std::string bundle = context.values->get("bundle");
    std::string path = context.values->get("file");
    const bool to_output = path == "-";
    if (path.empty()) path = "config.json";
    if (!bundle.empty() && path.front() != '/') path = bundle + "/" + path;
    if (!to_output && oci::exists_at(oci::current_directory, path)) {
        return failure(ErrorCode::exists, "file " + path + " exists. Remove it first");
    }
    SpecOptions options;
    options.rootless = context.values->has("rootless");
    options.uid = ::geteuid();
    options.gid = ::getegid();
    const auto cgroups = probe_cgroups();
    options.cgroup_namespace = !cgroups || cgroups->version != CgroupVersion::v1;
    if (to_output) {
        TRY(print(default_spec_json(options)));
    } else {
        TRY(write_new_file(path, default_spec_json(options)));
    }
    return 0;
}

Result<int> features_command(CommandContext& /*context*/) {
    TRY(print(features_json() + "\n"));
    return 0;
}

Result<int> plan_command(CommandContext& context) {
    const oci::cli::Values& values = *context.values;
    const std::string format = values.get("format");
    if (format != "text" && format != "json") {
        return failure(ErrorCode::invalid,
                       "invalid format option: " + oci::quote(format) + ": allowed are text and json");
    }
    const Bundle bundle = TRY(open_bundle(values.get("bundle"), values.get("config")));
    HostFacts host = TRY(probe_host());
    if (context.systemd_cgroup) host.systemd = TRY(probe_systemd(host));
    PlanRequest request;
    request.container_id = values.arguments().empty() ? "CONTAINER-ID" : context.id();
    request.bundle = bundle.path;
    request.no_pivot = values.has("no-pivot");
    request.systemd_cgroup = context.systemd_cgroup;
    request.cgroups_disabled = context.cgroups_disabled;
    request.unsafe_annotations = context.unsafe_annotations;
    const ContainerPlan plan = TRY(plan_container(bundle.config, host, request));
    TRY(print(format == "json" ? describe_json(plan) + "\n" : describe(plan)));
    return 0;
}

Result<int> generate_command(CommandContext& context) {
    const std::string directory = context.values->get("dir");
    if (directory.empty()) return failure(ErrorCode::invalid, "--dir: a directory is needed");
    const oci::cli::Program& program = program_table();
    for (const char* folder : {"/man", "/completion/bash", "/completion/zsh", "/completion/fish"}) {
        TRY(oci::make_directories(directory + folder, 0755));
    }
    TRY(write_new_file(directory + "/man/ocirun.8", oci::cli::program_man_page(program, version())));
    for (const oci::cli::Command& command : program.commands) {
        if (command.hidden) continue;
        TRY(write_new_file(directory + "/man/ocirun-" + command.name + ".8",
                           oci::cli::command_man_page(program, command, version())));
    }
    TRY(write_new_file(directory + "/completion/bash/ocirun", oci::cli::bash_completion(program)));
    TRY(write_new_file(directory + "/completion/zsh/_ocirun", oci::cli::zsh_completion(program)));
    TRY(write_new_file(directory + "/completion/fish/ocirun.fish", oci::cli::fish_completion(program)));
    return 0;
}

}  // namespace ocirun
