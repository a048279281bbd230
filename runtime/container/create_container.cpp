#include "runtime/container/create_container.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>

#include <optional>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "runtime/container/creation.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/hooks/run_hooks.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/launch/launch_init.hpp"
#include "runtime/protocol/debug_notes.hpp"
#include "runtime/protocol/phase_trace.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

void note_filter_flags(const SeccompPlan& seccomp) {
    if (seccomp.program.empty()) return;
    // One thread has nothing to synchronise: as runc, the flag is accepted and not passed on.
    debug_note("seccomp filter flags: " +
               std::to_string(seccomp.flags & ~unsigned{SECCOMP_FILTER_FLAG_TSYNC}));
}

/// From nothing to an init that is ready. `start_socket` decides what it waits for.
Result<LaunchedInit> launch(const CreateOptions& options, Creation& creation, Fd start_socket, Fd console) {
    LaunchOptions launch_options;
    launch_options.plan = &creation.plan;
    launch_options.cgroup = creation.cgroup.get();
    launch_options.devices = &creation.devices;
    launch_options.start_socket = std::move(start_socket);
    launch_options.console_socket = std::move(console);
    launch_options.passed = options.passed;
    launch_options.close_in_child = creation.directory->descriptors();
    LaunchedInit init = TRY(launch_init(launch_options).in("unable to start container process"));
    phase_done("clone init");
    debug_note("nsexec container setup: process " + std::to_string(init.pid()) + " was cloned");
    TRY(creation.cgroup->filter_devices(creation.plan.cgroup));
    phase_done("filter of devices");
    creation.hooks_may_have_run = true;
    TRY(serve_init(init, launch_options).in("unable to start container process"));
    phase_done("wait for init, hooks of the host");
    debug_note("child process in init(): namespaces, mounts and limits stand");
    note_filter_flags(creation.plan.seccomp);
    TRY(record_process(creation, init.pid()));
    note_event(*creation.directory, "create", init.pid());
    if (!creation.plan.pidfd_receiver.empty())
        TRY(send_pidfd(creation.plan.pidfd_receiver, init.pidfd(), "standard")
                .in("annotations: run.oci.pidfd_receiver"));
    if (!options.pidfd_socket.empty())
        TRY(send_pidfd(options.pidfd_socket, init.pidfd(), "standard").in("--pidfd-socket"));
    if (!options.pid_file.empty()) TRY(write_pid_file(options.pid_file, init.pid()));
    phase_done("record the container");
    return init;
}

Result<void> run_poststart(const Creation& creation) {
    if (creation.plan.hooks.poststart.empty()) return {};
    return run_hooks(creation.plan.hooks.poststart,
                     hook_state_json(creation.plan, "running", creation.record.pid), creation.plan.bundle);
}

}  // namespace

Result<void> write_pid_file(const std::string& path, int pid) {
    const std::size_t slash = path.find_last_of('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const Fd opened = TRY(oci::open_file(directory, O_RDONLY | O_DIRECTORY).in("--pid-file"));
    return oci::replace_file(opened, path.substr(slash == std::string::npos ? 0 : slash + 1),
                             std::to_string(pid), 0644, oci::Durability::atomic_only)
        .in("--pid-file " + path);
}

Result<std::vector<std::string>> create_container(const CreateOptions& options) {
    Creation creation;
    TRY(prepare(options, true, creation));
    Fd console;
    if (!options.console_socket.empty()) console = TRY(connect_console_socket(options.console_socket));
    Fd start_socket = TRY(creation.directory->listen_for_start());
    LaunchedInit init = TRY(launch(options, creation, std::move(start_socket), std::move(console)));
    TRY(init.channel().send(Tag::proceed));
    debug_note("init: closing the pipe to signal completion: it waits for start");
    init.release();
    creation.keep();
    return creation.warnings;
}

Result<int> run_container(const RunOptions& options, std::vector<std::string>& warnings) {
    Creation creation;
    TRY(prepare(options.create, options.detach, creation));
    warnings = creation.warnings;
    if (!options.detach && options.subreaper) TRY(kernel::become_subreaper());
    std::optional<Foreground> foreground;
    Fd console;
    if (!options.detach) foreground.emplace();
    if (!options.create.console_socket.empty()) {
        console = TRY(connect_console_socket(options.create.console_socket));
    } else if (creation.plan.process && creation.plan.process->terminal) {
        console = TRY(foreground->open_console());
    }
    const auto notify = TRY(open_notify_socket(*creation.directory, options.create.notify_socket));
    LaunchedInit init = TRY(launch(options.create, creation, Fd(), std::move(console)));
    if (foreground) TRY(foreground->receive_terminal());
    TRY(start_launched(init).in("unable to start container process"));
    phase_done("start: until execve");
    debug_note("init: closing the pipe to signal completion: the program runs");
    note_event(*creation.directory, "start", init.pid());
    TRY(run_poststart(creation));
    const pid_t pid = init.release();
    creation.keep();
    if (foreground)
        return finish_run(options, creation, *foreground, pid, notify ? &*notify : nullptr, warnings);
    creation.directory.reset();  // gives the lock back
    if (notify) TRY(notify->wait_until_ready(init.pidfd(), pid));
    return 0;
}

}  // namespace ocirun
