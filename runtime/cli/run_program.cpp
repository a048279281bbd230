#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/cli/log.hpp"
#include "runtime/cli/program.hpp"
#include "runtime/cli/trace_report.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/launch/probe_host.hpp"
#include "runtime/launch/self_protection.hpp"
#include "runtime/protocol/debug_notes.hpp"
#include "runtime/protocol/phase_trace.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::cli::Invocation;
using oci::cli::Values;

namespace {

constexpr int exec_failure_code = 255;  // runc's: tells a failure of exec from one of the program

std::string version_text() {
    return std::string("ocirun version ") + version() + "\ncommit: v" + version() +
           "\nspec: " + spec_version + "\n";
}

/// Whether the runtime directory of an ordinary user is meant. Podman runs us as root of a user namespace
/// that is an ordinary user outside; USER=root is, as for runc, somebody who became root of a container.
bool is_ordinary_user() {
    if (::geteuid() != 0) return true;
    const char* user = std::getenv("USER");
    return (user == nullptr || std::string_view(user) != "root") && in_user_namespace();
}

/// --root, or the default of runc with our name: /run/ocirun, below XDG_RUNTIME_DIR for other users.
Result<std::string> state_root(const Values& global) {
    std::string root = global.get("root");
    if (root.empty()) {
        const char* runtime_directory = std::getenv("XDG_RUNTIME_DIR");
        const bool own = runtime_directory != nullptr && *runtime_directory != '\0' && is_ordinary_user();
        root = own ? std::string(runtime_directory) + "/ocirun" : "/run/ocirun";
    }
    root = TRY(oci::absolute_path(root));
    if (root == "/") return failure(ErrorCode::invalid, "--root: the state directory must not be \"/\"");
    return root;
}

Result<void> set_cgroup_manager(CommandContext& context) {
    const std::string manager = context.global->get("cgroup-manager");
    if (!manager.empty() && manager != "cgroupfs" && manager != "systemd" && manager != "disabled") {
        return failure(ErrorCode::invalid, "--cgroup-manager: unknown manager " + oci::quote(manager) +
                                               ": allowed are cgroupfs, systemd and disabled");
    }
    context.systemd_cgroup =
        manager == "systemd" || (manager.empty() && context.global->has("systemd-cgroup"));
    context.cgroups_disabled = manager == "disabled";
    context.unsafe_annotations = context.global->has("unsafe-annotations");
    return {};
}

/// What --trace-phases and --trace-svg ask for, before the command or behind it.
struct TraceRequest {
    bool print = false;
    bool json = false;
    std::string svg_file;
    [[nodiscard]] bool wanted() const { return print || !svg_file.empty(); }
};

Result<TraceRequest> trace_request(const Invocation& invocation) {
    TraceRequest request;
    std::string format = "text";
    for (const Values* values : {&invocation.global, &invocation.values}) {
        request.print = request.print || values->has("trace-phases");
        if (!values->get("trace-format").empty()) format = values->get("trace-format");
        if (!values->get("trace-svg").empty()) request.svg_file = values->get("trace-svg");
    }
    if (format != "text" && format != "json") {
        return failure(ErrorCode::invalid,
                       "--trace-format: " + oci::quote(format) + ": allowed are text and json");
    }
    request.json = format == "json";
    return request;
}

Result<void> report_phases(const TraceRequest& request, const std::string& command) {
    phase_done("the rest");
    const std::vector<Phase> phases = recorded_phases();
    if (request.print) {
        const std::string text = request.json ? phases_as_json(phases, command) : phases_as_text(phases);
        TRY(oci::write_all(oci::BorrowedFd(2), text).in("--trace-phases"));
    }
    if (request.svg_file.empty()) return {};
    const auto file = oci::open_file(request.svg_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (!file) return file.error().in("--trace-svg");
    return oci::write_all(*file, phases_as_svg(phases, command)).in("--trace-svg " + request.svg_file);
}

Result<int> run_entry(const CommandEntry& entry, const Invocation& invocation, char** argv, const Log& log) {
    CommandContext context;
    context.global = &invocation.global;
    context.values = &invocation.values;
    context.state_root = TRY(state_root(invocation.global));
    TRY(set_cgroup_manager(context));
    const TraceRequest trace = TRY(trace_request(invocation));
    if (entry.enters_container) {
        TRY(run_from_sealed_copy(argv));
        debug_note("runc exeseal: using /proc/self/exe clone");
        if (runs_on_overlay()) debug_note("runc exeseal: using overlayfs for sealed /proc/self/exe");
    }
    if (trace.wanted()) TRY(start_tracing());
    auto code = entry.run(context);
    for (const std::string& warning : context.warnings) log.warning(warning);
    if (!trace.wanted()) return code;
    const auto reported = report_phases(trace, entry.table.name);
    if (!code) return code;  // the first thing that went wrong
    TRY(reported);
    return code;
}

Result<bool> wants_json(const Values& global) {
    const std::string format = global.get("log-format");
    if (format != "text" && format != "json") {
        return failure(ErrorCode::invalid,
                       "invalid log-format " + oci::quote(format) + ": allowed are text and json");
    }
    return format == "json";
}

Result<void> check_words(const Values& global) {
    const std::string rootless = global.get("rootless");
    if (!rootless.empty() && rootless != "true" && rootless != "false" && rootless != "auto") {
        return failure(ErrorCode::invalid,
                       "--rootless: " + oci::quote(rootless) + ": allowed are true, false and auto");
    }
    const std::string level = global.get("log-level");
    if (level != "error" && level != "warning" && level != "debug") {
        return failure(ErrorCode::invalid,
                       "--log-level: " + oci::quote(level) + ": allowed are error, warning and debug");
    }
    return {};
}

int print_help(const Invocation& invocation) {
    const oci::cli::Program& program = program_table();
    const bool one_command = invocation.command != nullptr;
    const auto printed = print(one_command ? oci::cli::command_help(program, *invocation.command)
                                           : oci::cli::program_help(program));
    return printed ? 0 : 1;
}

}  // namespace

Result<void> print(std::string_view text) {
    return oci::write_all(oci::BorrowedFd(1), text).in("standard output");
}

int run_program(int argc, char** argv) {
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const auto invocation = oci::cli::parse_command_line(program_table(), words);
    if (!invocation) {
        Log("", false, false).error(invocation.error().text);
        return 1;
    }
    if (invocation->version) return print(version_text()) ? 0 : 1;
    if (invocation->help || invocation->command == nullptr) return print_help(*invocation);
    const auto json = wants_json(invocation->global);
    const auto checked = check_words(invocation->global);
    const std::string level = invocation->global.get("log-level");
    const bool debug = level == "debug" || invocation->global.has("debug");
    const Log log(invocation->global.get("log"), json && *json, debug || level == "warning");
    if (debug) listen_to_debug_notes([&log](const std::string& note) { log.debug(note); });
    const auto writable = log.check();
    if (!writable) {
        Log("", false, false).error(writable.error().text);
        return 1;
    }
    if (!json || !checked) {
        log.error(json ? checked.error().text : json.error().text);
        return 1;
    }
    for (const CommandEntry& entry : command_entries()) {
        if (entry.table.name != invocation->command->name) continue;
        const auto code = run_entry(entry, *invocation, argv, log);
        if (code) return *code;
        log.error(code.error().text);
        return entry.table.name == "exec" ? exec_failure_code : 1;
    }
    log.error("command " + invocation->command->name + " is not built");
    return 1;
}

}  // namespace ocirun
