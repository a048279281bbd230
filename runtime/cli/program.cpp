#include "runtime/cli/program.hpp"

#include <utility>

#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"
#include "runtime/cli/trace_report.hpp"

namespace ocirun {

using oci::cli::Completes;
using oci::cli::Option;
using oci::cli::Program;

namespace {

CommandEntry generate_entry() {
    return {{.name = "generate",
             .summary = "write man pages and completions",
             .options = {value("dir", "DIR", "directory to write to", "", Completes::directories)},
             .hidden = true},
            generate_command};
}

void append(std::vector<CommandEntry>& entries, std::vector<CommandEntry> more) {
    for (CommandEntry& entry : more) entries.push_back(std::move(entry));
}

}  // namespace

const std::vector<CommandEntry>& command_entries() {
    static const std::vector<CommandEntry> entries = [] {
        std::vector<CommandEntry> all;
        append(all, process_entries());
        append(all, lifecycle_entries());
        append(all, {update_entry(), mounts_entry(), events_entry()});
        append(all, checkpoint_entries());
        append(all, query_entries());
        append(all, {validate_entry(), info_entry()});
        append(all, {generate_entry()});
        return all;
    }();
    return entries;
}

const Program& program_table() {
    static const Program program = [] {
        Program table{
            .name = "ocirun",
            .summary = "run containers from OCI bundles",
            .description =
                "A low-level OCI runtime: a drop-in for runc under Docker, containerd, Podman and CRI-O, and "
                "by hand.",
            .options = {
                flag("debug", "tell more in the log"),
                value("log", "FILE",
                      "file that errors are appended to (or file:PATH, syslog:NAME, journald:NAME); they are "
                      "printed "
                      "on standard error too",
                      "", Completes::files),
                value("log-format", "FORMAT", "text or json", "", Completes::words),
                value("root", "DIR", "directory of the containers' state", "", Completes::directories),
                flag("systemd-cgroup", "let systemd make the cgroups"),
                value("cgroup-manager", "MANAGER", "cgroupfs, systemd or disabled", "", Completes::words),
                value("rootless", "BOOL",
                      "true, false or auto: whether lacking privileges are to be expected", "",
                      Completes::words),
                value("log-level", "LEVEL", "what --log records: error, warning or debug", "",
                      Completes::words),
                flag("unsafe-annotations",
                     "heed annotations that reach beyond the container (`features` lists them)")}};
        table.options[2].default_value = "text";
        table.options[2].words = {"text", "json"};
        table.options[6].words = {"true", "false", "auto"};
        table.options[7].words = {"error", "warning", "debug"};
        table.options[7].default_value = "error";
        table.options[5].words = {"cgroupfs", "systemd", "disabled"};
        for (Option& option : trace_options()) table.options.push_back(std::move(option));
        for (const CommandEntry& entry : command_entries()) table.commands.push_back(entry.table);
        return table;
    }();
    return program;
}

const char* version() {
    return "0.1.0";
}

}  // namespace ocirun
