#include <utility>

#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"
#include "runtime/cli/trace_report.hpp"

// The tables of create, run and exec.

namespace ocirun {

using oci::cli::Command;
using oci::cli::Completes;
using oci::cli::many_arguments;
using oci::cli::Option;
using oci::cli::Ordering;

namespace {

std::vector<Option> create_options() {
    return {
        value("bundle", "DIR", "path of the bundle, the current directory by default", "b",
              Completes::directories),
        value("config", "FILE", "read this file instead of config.json of the bundle", "f", Completes::files),
        value("console-socket", "SOCKET",
              "AF_UNIX socket that receives the master of the container's terminal", "", Completes::files),
        value("pidfd-socket", "SOCKET", "AF_UNIX socket that receives a pidfd of the container's init", "",
              Completes::files),
        value("pid-file", "FILE", "file to write the process id to", "", Completes::files),
        flag("no-pivot", "do not use pivot_root to enter the root file system, as needed on a ramdisk"),
        flag("no-new-keyring", "keep the session keyring of the caller"),
        value("preserve-fds", "N", "pass N more descriptors, from 3 on, to the container")};
}

Command create_table() {
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

Command run_table() {
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

Command exec_table() {
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
                    value("pidfd-socket", "SOCKET", "AF_UNIX socket that receives a pidfd of the process", "",
                          Completes::files),
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
                    list("cgroup", "PATH",
                         "run in this cgroup below the container's; on cgroup v1 CONTROLLER,...:PATH too"),
                    flag("ignore-paused", "allow exec in a paused container"),
                    hidden(flag("no-subreaper", "do not become the subreaper of the process"))},
        .least_arguments = 1,
        .most_arguments = many_arguments,
        .ordering = Ordering::stop_at_first_argument,
        .examples = {"ocirun exec web ps", "ocirun exec --tty web /bin/sh"}};
}

}  // namespace

std::vector<CommandEntry> process_entries() {
    std::vector<CommandEntry> entries = {{create_table(), create_command, true},
                                         {run_table(), run_command, true},
                                         {exec_table(), exec_command, true}};
    // They stand behind the command too, where most people look for them.
    for (CommandEntry& entry : entries) {
        for (Option& option : trace_options()) entry.table.options.push_back(std::move(option));
    }
    return entries;
}

}  // namespace ocirun
