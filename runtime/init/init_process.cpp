#include "runtime/init/init_process.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/hooks/run_hooks.hpp"
#include "runtime/init/become_user.hpp"
#include "runtime/init/confine_files.hpp"
#include "runtime/init/find_executable.hpp"
#include "runtime/init/kernel_settings.hpp"
#include "runtime/init/last_steps.hpp"
#include "runtime/init/perform_mounts.hpp"
#include "runtime/init/prepare_rootfs.hpp"
#include "runtime/init/terminal.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/kernel/program_memory.hpp"
#include "runtime/protocol/phase_trace.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr mode_t default_umask = 0022;

/// Stands in the cgroup and in the namespaces, as root of the user namespace.
Result<void> settle_namespaces(InitRequest& request) {
    const ContainerPlan& plan = *request.plan;
    if (plan.namespaces.creates(NamespaceKind::user)) TRY(request.context.channel.send(Tag::need_id_maps));
    if (request.wait_for_proceed) TRY(request.context.channel.expect(Tag::proceed));
    kernel::use_every_cpu();
    if (!plan.namespaces.needs_intermediate) TRY(join_listed_namespaces(request));
    if (plan.namespaces.has(NamespaceKind::user))
        TRY(become_namespace_root(plan.process && plan.process->keep_groups, request.belongs_to_user));
    if (::setsid() < 0) return oci::last_system_failure("setsid");
    if (plan.namespaces.creates(NamespaceKind::cgroup)) {
        TRY(kernel::unshare_namespaces(CLONE_NEWCGROUP).in("linux.namespaces: cgroup"));
    }
    if (plan.namespaces.creates(NamespaceKind::network)) TRY(bring_loopback_up());
    return {};
}

Result<void> run_inner_hooks(const InitRequest& request, const std::vector<PlannedHook>& hooks,
                             const char* status, const SeccompPlan* filter = nullptr) {
    if (hooks.empty()) return {};
    const int pid = TRY(own_pid(request.context.proc));
    return run_hooks(hooks, hook_state_json(*request.plan, status, pid), "", filter);
}

/// process.cwd is made when it is missing, as root and inside the root.
Result<void> make_working_directory(const ContainerPlan& plan, BorrowedFd root) {
    if (!plan.process || plan.process->cwd.empty()) return {};
    if (oci::open_in_root(root, plan.process->cwd, O_PATH)) return {};
    const auto made = oci::make_directories_in_root(root, plan.process->cwd, 0755);
    // A directory that cannot be made (a link to nowhere, a read-only tree) is an error of chdir, below.
    if (!made && made.error().system_errno != EROFS && made.error().system_errno != ENOENT) {
        return made.error().in("process.cwd: mkdir " + plan.process->cwd);
    }
    return {};
}

Result<void> open_standard_terminal(const InitRequest& request, BorrowedFd root,
                                    std::optional<Terminal>& terminal) {
    const ContainerPlan& plan = *request.plan;
    if (!plan.process || !plan.process->terminal) return {};
    terminal = TRY(open_terminal(root, *plan.process));
    return plan.rootfs.prepare_dev ? bind_console(*terminal, root) : Result<void>();
}

/// A container that waits for start takes what its init holds, at most and then: what a phase has run is
/// given back.
void phase_end(const InitRequest& request, const char* name) {
    if (request.start_socket.is_open()) kernel::forget_program_pages();
    phase_done(name);
}

/// Everything that needs the host's paths: after this comes the pivot.
Result<void> build_rootfs(InitRequest& request, std::optional<Terminal>& terminal) {
    const ContainerPlan& plan = *request.plan;
    // A mount namespace that is joined belongs to others: its root is left alone, chroot is enough.
    const bool own_mounts = plan.namespaces.creates(NamespaceKind::mount);
    const Fd root = TRY(own_mounts ? open_root_mount(plan.rootfs) : open_root_directory(plan.rootfs));
    phase_end(request, "the root as a mount");
    TRY(perform_mounts(request, root));
    phase_end(request, "mounts");
    TRY(make_devices(plan.rootfs, root));
    phase_end(request, "devices");
    TRY(open_standard_terminal(request, root, terminal));
    if (!plan.hooks.prestart.empty() || !plan.hooks.create_runtime.empty() || !plan.net_devices.empty()) {
        TRY(request.context.channel.send(Tag::run_hooks));
        TRY(request.context.channel.expect(Tag::proceed));
    }
    // As under runc: hooks that put files or mounts into the container name them from here.
    if (::fchdir(root.get()) != 0) return oci::last_system_failure("enter root.path");
    TRY(run_inner_hooks(request, plan.hooks.create_container, "creating"));
    TRY(make_working_directory(plan, root));
    TRY(apply_kernel_settings(plan, request.context.proc));
    phase_end(request, "terminal, hooks, kernel settings");
    if (!own_mounts) return enter_root_directory(root);
    TRY(protect_paths(plan.rootfs, root));
    phase_end(request, "masked and read-only paths");
    TRY(seal_root(plan.rootfs, root));
    return enter_root(plan.rootfs, root);
}

Result<void> take_terminal(InitRequest& request, std::optional<Terminal>& terminal) {
    if (!terminal) return {};
    TRY(use_terminal(std::move(*terminal), request.context.console_socket));
    request.context.console_socket.reset();
    return {};
}

/// The identity of the process; returns the program ready to execute.
Result<std::string> prepare_process(const ContainerPlan& plan, BorrowedFd proc, bool keep_for_filter) {
    const ProcessPlan& process = *plan.process;
    const bool entered = TRY(enter_working_directory(process));
    TRY(own_standard_streams(process));
    TRY(apply_limits(process, proc));
    TRY(drop_privileges(process, plan.last_capability, keep_for_filter));
    if (!entered && !TRY(enter_working_directory(process))) {
        return oci::system_failure(EACCES,
                                   "chdir to cwd (\"" + process.cwd + "\") set in config.json failed");
    }
    TRY(check_working_directory());
    ::umask(process.umask.value_or(default_umask));
    return find_executable(process);
}

Result<void> tell_ready(InitRequest& request) {
    // Another user id than root's has closed the process off from its user.
    if (request.belongs_to_user && request.start_socket.is_open()) TRY(kernel::set_dumpable(true));
    return request.context.channel.send(Tag::ready);
}

/// Waits for `start`: on the state directory's socket after create, on the channel during run. Afterwards
/// the channel reports to whoever said it.
Result<void> wait_for_start(InitRequest& request) {
    if (!request.start_socket.is_open()) return request.context.channel.expect(Tag::start);
    // Once it is on record that this process is the container's, it may outlive create; until then it
    // ends with it, or nobody could find it again where there are no cgroups.
    TRY(request.context.channel.expect(Tag::proceed));
    request.context.channel.close();
    kernel::forget_program_pages();
    for (;;) {
        Fd connection(::accept4(request.start_socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!connection.is_open() && errno != EINTR && errno != ECONNABORTED)
            return oci::last_system_failure("accept start");
        Channel starter(std::move(connection));
        if (!starter.expect(Tag::start)) continue;  // somebody connected and left: not a start
        request.context.channel = std::move(starter);
        request.start_socket.reset();
        return {};
    }
}

Result<void> perform_init(InitRequest& request) {
    const ContainerPlan& plan = *request.plan;
    // An ordinary user's runtime may only map the ids of a process that is the user's own in /proc too, and
    // whoever sets up its network opens its namespaces there. Processes of another user namespace, as those
    // of a joined pid namespace, are no match for the root of this one.
    request.belongs_to_user = ::geteuid() != 0 && plan.namespaces.creates(NamespaceKind::user);
    if (!request.belongs_to_user) TRY(kernel::set_dumpable(false));
    TRY(kernel::reset_signals());
    // The container's lock belongs to the open description: a copy here would hold it until execve.
    for (const int number : request.close_first) ::close(number);
    ::umask(0);
    TRY(settle_namespaces(request));
    if (request.start_socket.is_open()) ::malloc_trim(0);
    phase_end(request, "settle in the namespaces");
    const Fd listener = TRY(connect_listener(plan.seccomp));  // a path of the host: before the root changes
    std::optional<Terminal> terminal;
    TRY(build_rootfs(request, terminal));
    phase_end(request, "enter the root");
    if (request.context.new_keyring) join_own_keyring(request.context.container_id);
    TRY(take_terminal(request, terminal));
    if (!plan.process) {
        TRY(tell_ready(request));
        TRY(wait_for_start(request));
        return oci::failure(oci::ErrorCode::invalid, "process: is required to start a container");
    }
    const bool confined = !plan.seccomp.program.empty() || plan.process->landlock.has_value();
    const bool keep_for_filter = confined && !plan.process->no_new_privileges;
    std::string executable = TRY(prepare_process(plan, request.context.proc, keep_for_filter));
    const PreparedProgram program(std::move(executable), plan.process->arguments,
                                  complete_environment(*plan.process, request.context.passed.listen_count));
    const Fd landlock = TRY(prepare_landlock(*plan.process));
    const std::string listener_state =
        listener.is_open() ? listener_state_json(plan, "creating", TRY(own_pid(request.context.proc)))
                           : std::string();
    phase_done("user, limits, program");
    TRY(tell_ready(request));
    TRY(wait_for_start(request));
    phase_done("wait for start");
    // These programs come from the container's files: what holds it holds them.
    TRY(run_inner_hooks(request, plan.hooks.start_container, "created",
                        plan.seccomp.program.empty() ? nullptr : &plan.seccomp));
    TRY(limit_descriptors(request.context.passed, request.context.proc));
    Message failure;
    take_last_steps({.process = &*plan.process,
                     .seccomp = &plan.seccomp,
                     .program = &program,
                     .listener_socket = listener,
                     .listener_state = listener_state,
                     .landlock = landlock,
                     .drop_last_capability = keep_for_filter},
                    failure);
    return error_of(failure);
}

}  // namespace

void run_init(InitRequest& request) noexcept {
    const auto done = perform_init(request);
    if (!done && request.context.channel.is_open()) {
        // Nobody may be left to listen; the exit status tells then.
        static_cast<void>(request.context.channel.send(message_of(done.error())).has_value());
    }
    ::_exit(1);
}

void run_intermediate(InitRequest& request) noexcept {
    const auto joined = enter_before_init(request);
    if (!joined) {
        static_cast<void>(request.context.channel.send(message_of(joined.error())).has_value());
        ::_exit(1);
    }
    auto cloned = kernel::clone_process(
        {.flags = request.plan->namespaces.clone_flags() | CLONE_PARENT, .want_pidfd = false});
    if (cloned && cloned->pid == 0) {
        enter_lane(Lane::init);
        run_init(request);
    }
    phase_done("join and clone");
    Message message;
    message.tag = Tag::init_cloned;
    message.pid = cloned ? cloned->pid : 0;
    const auto sent = request.context.channel.send(cloned ? message : message_of(cloned.error()));
    ::_exit(sent && cloned ? 0 : 1);
}

}  // namespace ocirun
