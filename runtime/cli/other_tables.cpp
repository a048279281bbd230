#include <utility>

#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"

// The tables of the commands that have one line of options or none.

namespace ocirun {

using oci::cli::Command;
using oci::cli::Completes;
using oci::cli::many_arguments;
using oci::cli::Ordering;

namespace {

std::vector<Command> lifecycle_commands() {
    return {{.name = "start",
             .summary = "start a created container",
             .arguments = "CONTAINER-ID",
             .least_arguments = 1,
             .most_arguments = 1},
            {.name = "state",
             .summary = "print the state of a container as JSON",
             .arguments = "CONTAINER-ID",
             .least_arguments = 1,
             .most_arguments = 1},
            {.name = "kill",
             .summary = "send a signal to a container's init process",
             .arguments = "CONTAINER-ID [SIGNAL]",
             .description = "SIGNAL is a number or a name with or without SIG; SIGTERM by default.",
             .options = {flag("all", "send the signal to every process of the container", "a"),
                         flag("regex", "CONTAINER-ID is a regular expression: every container that matches",
                              "r")},
             .least_arguments = 1,
             .most_arguments = 2,
             .ordering = Ordering::stop_at_first_argument,
             .examples = {"ocirun kill web KILL"}},
            {.name = "delete",
             .summary = "delete a stopped container",
             .arguments = "CONTAINER-ID",
             .description =
                 "Removes what create has made: the cgroup, the state, and whatever processes are left.",
             .options = {flag("force", "kill the container first if it runs; an absent one is no error", "f"),
                         flag("regex", "CONTAINER-ID is a regular expression: every container that matches",
                              "r")},
             .least_arguments = 1,
             .most_arguments = 1},
            {.name = "pause",
             .summary = "freeze every process of a container",
             .arguments = "CONTAINER-ID",
             .least_arguments = 1,
             .most_arguments = 1},
            {.name = "resume",
             .summary = "thaw a paused container",
             .arguments = "CONTAINER-ID",
             .least_arguments = 1,
             .most_arguments = 1}};
}

std::vector<Command> query_commands() {
    return {{.name = "list",
             .summary = "list the containers below the state root",
             .options = {format({"table", "json"}, "table or json"), flag("quiet", "print ids only", "q")}},
            {.name = "ps",
             .summary = "list the processes of a container",
             .arguments = "CONTAINER-ID [PS-OPTIONS]",
             .options = {format({"table", "json"}, "table (by ps) or json (process ids)")},
             .least_arguments = 1,
             .most_arguments = many_arguments,
             .ordering = Ordering::stop_at_first_argument},
            {.name = "spec",
             .summary = "write an example config.json",
             .options = {value("bundle", "DIR", "directory to write to", "b", Completes::directories),
                         value("file", "FILE", "write this file instead of config.json; - is standard output",
                               "f", Completes::files),
                         flag("rootless", "for a container that an unprivileged user runs")}},
            {.name = "features",
             .summary = "print what this runtime supports as JSON",
             .description = "The features structure of the runtime specification, filled from the tables "
                            "that the parser uses."},
            {.name = "plan",
             .summary = "print everything that create would do, without doing it",
             .arguments = "[CONTAINER-ID]",
             .description = "Needs no privileges and changes nothing. Each step names the place in "
                            "config.json that it comes from.",
             .options = {value("bundle", "DIR", "path of the bundle, the current directory by default", "b",
                               Completes::directories),
                         value("config", "FILE", "read this file instead of config.json of the bundle", "",
                               Completes::files),
                         flag("no-pivot", "plan with --no-pivot"), format({"text", "json"}, "text or json")},
             .most_arguments = 1,
             .examples = {"ocirun plan --bundle ./mycontainer"}}};
}

/// A table and its function; both lists are in the same order.
std::vector<CommandEntry> joined(std::vector<Command> tables, const std::vector<CommandFunction>& functions) {
    std::vector<CommandEntry> entries;
    for (std::size_t i = 0; i < functions.size(); ++i)
        entries.push_back({std::move(tables[i]), functions[i], false});
    return entries;
}

}  // namespace

std::vector<CommandEntry> lifecycle_entries() {
    return joined(lifecycle_commands(), {start_command, state_command, kill_command, delete_command,
                                         pause_command, resume_command});
}

std::vector<CommandEntry> query_entries() {
    return joined(query_commands(), {list_command, ps_command, spec_command, features_command, plan_command});
}

}  // namespace ocirun
