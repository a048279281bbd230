#include "runtime/cli/program.hpp"

namespace ocirun {

using oci::cli::Command;
using oci::cli::Completes;
using oci::cli::many_arguments;
using oci::cli::Option;
using oci::cli::OptionKind;
using oci::cli::Ordering;
using oci::cli::Program;

namespace {

Option flag(std::string name, std::string help, std::string short_name = "") {
    return {.name = std::move(name), .short_name = std::move(short_name), .help = std::move(help)};
}

Option value(std::string name, std::string value_name, std::string help, std::string short_name = "",
             Completes completes = Completes::nothing) {
    return {.name = std::move(name),
            .short_name = std::move(short_name),
            .kind = OptionKind::value,
            .value_name = std::move(value_name),
            .help = std::move(help),
            .completes = completes};
}

Option list(std::string name, std::string value_name, std::string help, std::string short_name = "") {
    Option option = value(std::move(name), std::move(value_name), std::move(help), std::move(short_name));
    option.kind = OptionKind::list;
    return option;
}

Option format(const std::string& words_default, std::vector<std::string> words, std::string help) {
    Option option = value("format", "FORMAT", std::move(help), "f", Completes::words);
    option.default_value = words_default;
    option.words = std::move(words);
    return option;
}

Option hidden(Option option) {
    option.hidden = true;
    return option;
}

std::vector<Option> create_options() {
    return {
        value("bundle", "DIR", "path of the bundle, the current directory by default", "b",
              Completes::directories),
        value("config", "FILE", "read this file instead of config.json of the bundle", "f", Completes::files),
        value("console-socket", "SOCKET",
              "AF_UNIX socket that receives the master of the container's terminal", "", Completes::files),
        value("pid-file", "FILE", "file to write the process id to", "", Completes::files),
        flag("no-pivot", "do not use pivot_root to enter the root file system, as needed on a ramdisk"),
        flag("no-new-keyring", "keep the session keyring of the caller"),
        value("preserve-fds", "N", "pass N more descriptors, from 3 on, to the container")};
}

Command create_command() {
    return {.name = "create",
            .summary = "create a container that waits for start",
            .arguments = "CONTAINER-ID",
            .description =
                "Creates the container that config.json in the bundle describes: namespaces, cgroup and root "
                "file system are "
                "set up, the program is looked up, and its process waits for 'start'.",
            .options = create_options(),
            .least_arguments = 1,
            .most_arguments = 1,
            .examples = {"ocirun create --bundle ./mycontainer web"}};
}

Command run_command() {
    Command command{
        .name = "run",
        .summary = "create and start a container",
        .arguments = "CONTAINER-ID",
        .description =
            "Creates and starts the container. In the foreground signals are forwarded, the exit code is the "
            "container's, and the container is deleted when it ends.",
        .options = create_options(),
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocirun run --bundle ./mycontainer web",
                     "ocirun run --detach --bundle ./mycontainer --pid-file web.pid web"}};
    command.options.push_back(flag("detach", "leave the container running in the background", "d"));
    command.options.push_back(flag("keep", "do not delete the container when it ends"));
    command.options.push_back(
        flag("no-subreaper", "do not become the subreaper of the container's processes"));
    return command;
}

Command exec_command() {
    return {
        .name = "exec",
        .summary = "run a further process in a running container",
        .arguments = "CONTAINER-ID [COMMAND ARG...]",
        .description =
            "The process gets the container's namespaces, cgroup and seccomp filter. Without --process it is "
            "described by "
            "the container's own config.json and the options here.",
        .options = {value("console-socket", "SOCKET",
                          "AF_UNIX socket that receives the master of the terminal", "", Completes::files),
                    value("cwd", "DIR", "working directory in the container"),
                    list("env", "NAME=VALUE", "environment variable to set", "e"),
                    flag("tty", "allocate a terminal", "t"),
                    value("user", "UID[:GID]", "user and group to run as, as numbers", "u"),
                    list("additional-gids", "GID", "further group of the process", "g"),
                    value("process", "FILE", "file with the process as JSON", "p", Completes::files),
                    flag("detach", "leave the process running in the background", "d"),
                    value("pid-file", "FILE", "file to write the process id to", "", Completes::files),
                    value("process-label", "LABEL", "SELinux label of the process"),
                    value("apparmor", "PROFILE", "AppArmor profile of the process"),
                    flag("no-new-privs", "set no_new_privs for the process"),
                    list("cap", "CAPABILITY",
                         "capability to add to the bounding, effective and permitted sets", "c"),
                    value("preserve-fds", "N", "pass N more descriptors, from 3 on, to the process"),
                    flag("ignore-paused", "allow exec in a paused container"),
                    hidden(flag("no-subreaper", "do not become the subreaper of the process"))},
        .least_arguments = 1,
        .most_arguments = many_arguments,
        .ordering = Ordering::stop_at_first_argument,
        .examples = {"ocirun exec web ps", "ocirun exec --tty web /bin/sh"}};
}

std::vector<Command> lifecycle_commands() {
    return {
        {.name = "start",
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
         .options = {flag("all", "send the signal to every process of the container", "a")},
         .least_arguments = 1,
         .most_arguments = 2,
         .ordering = Ordering::stop_at_first_argument,
         .examples = {"ocirun kill web KILL"}},
        {.name = "delete",
         .summary = "delete a stopped container",
         .arguments = "CONTAINER-ID",
         .description =
             "Removes what create has made: the cgroup, the state, and whatever processes are left.",
         .options = {flag("force", "kill the container first if it runs; an absent one is no error", "f")},
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
             .options = {format("table", {"table", "json"}, "table or json"),
                         flag("quiet", "print ids only", "q")}},
            {.name = "ps",
             .summary = "list the processes of a container",
             .arguments = "CONTAINER-ID [PS-OPTIONS]",
             .options = {format("table", {"table", "json"}, "table (by ps) or json (process ids)")},
             .least_arguments = 1,
             .most_arguments = many_arguments,
             .ordering = Ordering::stop_at_first_argument},
            {.name = "spec",
             .summary = "write an example config.json",
             .options = {value("bundle", "DIR", "directory to write to", "b", Completes::directories),
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
                         flag("no-pivot", "plan with --no-pivot"),
                         format("text", {"text", "json"}, "text or json")},
             .most_arguments = 1,
             .examples = {"ocirun plan --bundle ./mycontainer"}}};
}

}  // namespace

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
                      "file that errors are appended to; they are printed on standard error too", "",
                      Completes::files),
                value("log-format", "FORMAT", "text or json", "", Completes::words),
                value("root", "DIR", "directory of the containers' state", "", Completes::directories),
                flag("systemd-cgroup", "let systemd make the cgroups"),
                value("cgroup-manager", "MANAGER", "cgroupfs, systemd or disabled", "", Completes::words),
                hidden(value("rootless", "BOOL", "accepted for compatibility"))}};
        table.options[2].default_value = "text";
        table.options[2].words = {"text", "json"};
        table.options[5].words = {"cgroupfs", "systemd", "disabled"};
        table.commands = {create_command(), run_command(), exec_command()};
        for (Command& command : lifecycle_commands()) table.commands.push_back(std::move(command));
        for (Command& command : query_commands()) table.commands.push_back(std::move(command));
        table.commands.push_back(
            {.name = "generate",
             .summary = "write man pages and completions",
             .options = {value("dir", "DIR", "directory to write to", "", Completes::directories)},
             .hidden = true});
        return table;
    }();
    return program;
}

const char* version() {
    return "0.1.0";
}

}  // namespace ocirun
