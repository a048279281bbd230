#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/file.hpp"
#include "runtime/init/become_user.hpp"
#include "runtime/init/confine_files.hpp"
#include "runtime/init/find_executable.hpp"
#include "runtime/init/init_process.hpp"
#include "runtime/init/join_process.hpp"
#include "runtime/init/kernel_settings.hpp"
#include "runtime/init/last_steps.hpp"
#include "runtime/init/terminal.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/protocol/phase_trace.hpp"

// A process that joins a running container. Runs after the clone, up to execve.

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

constexpr mode_t default_umask = 0022;

Result<void> set_affinity(const std::vector<int>& cpus, const char* what) {
    if (cpus.empty()) return {};
    int largest = 0;
    for (const int cpu : cpus) largest = std::max(largest, cpu);
    const int count = largest + 1;
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(count));
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(count));
    CPU_ZERO_S(size, set);
    for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), size, set);
    const int answer = ::sched_setaffinity(0, size, set);
    const int error = errno;
    CPU_FREE(set);
    if (answer != 0) return oci::system_failure(error, what);
    return {};
}

RunningProcess target_of(const ExecRequest& request) {
    return {request.container_pidfd, request.context.proc, request.container_pid};
}

Result<void> join_container(ExecRequest& request) {
    TRY(kernel::set_dumpable(false));
    TRY(kernel::reset_signals());
    if (request.wait_for_proceed) TRY(request.context.channel.expect(Tag::proceed));
    if (request.process->initial_cpus.empty()) kernel::use_every_cpu();
    TRY(set_affinity(request.process->initial_cpus, "process.execCPUAffinity.initial"));
    if (request.namespaces != 0) {
        TRY(join_namespaces_of(target_of(request), request.namespaces).in("join the container's namespaces"));
    }
    request.container_pidfd.reset();
    if (request.user_namespace) TRY(become_namespace_root(request.process->keep_groups));
    if (::setsid() < 0) return oci::last_system_failure("setsid");
    if (::chdir("/") != 0) return oci::last_system_failure("chdir /");
    if (request.context.new_keyring) join_own_keyring(request.context.container_id);
    return {};
}

Result<void> connect_terminal(ExecRequest& request) {
    if (!request.process->terminal) return {};
    const Fd root = TRY(oci::open_file("/", O_PATH | O_DIRECTORY));
    Terminal terminal = TRY(open_terminal(root, *request.process));
    TRY(use_terminal(std::move(terminal), request.context.console_socket));
    request.context.console_socket.reset();
    return {};
}

Result<void> perform_exec(ExecRequest& request) {
    const ProcessPlan& process = *request.process;
    const Fd listener = TRY(connect_listener(*request.seccomp));  // a path of the host
    TRY(join_container(request));
    phase_done("join the container");
    TRY(connect_terminal(request));
    const bool entered = TRY(enter_working_directory(process));
    TRY(own_standard_streams(process));
    TRY(apply_limits(process, request.context.proc));
    const bool confined = !request.seccomp->program.empty() || process.landlock.has_value();
    const bool keep_for_filter = confined && !process.no_new_privileges;
    TRY(drop_privileges(process, request.last_capability, keep_for_filter));
    if (!entered && !TRY(enter_working_directory(process))) {
        return oci::system_failure(EACCES,
                                   "chdir to cwd (\"" + process.cwd + "\") set in config.json failed");
    }
    TRY(check_working_directory());
    ::umask(process.umask.value_or(default_umask));
    const PreparedProgram program(TRY(find_executable(process)), process.arguments,
                                  complete_environment(process, request.context.passed.listen_count));
    const Fd landlock = TRY(prepare_landlock(process));
    TRY(set_affinity(process.final_cpus, "process.execCPUAffinity.final"));
    phase_done("user, limits, program");
    TRY(request.context.channel.send(Tag::ready));
    TRY(request.context.channel.expect(Tag::start));
    phase_done("wait for start");
    TRY(limit_descriptors(request.context.passed, request.context.proc));
    Message failure;
    take_last_steps({.process = &process,
                     .seccomp = request.seccomp,
                     .program = &program,
                     .listener_socket = listener,
                     .listener_state = request.context.listener_state,
                     .landlock = landlock,
                     .drop_last_capability = keep_for_filter},
                    failure);
    return error_of(failure);
}

}  // namespace

void run_exec_intermediate(ExecRequest& request) noexcept {
    const auto joined = join_namespaces_of(target_of(request), CLONE_NEWUSER | CLONE_NEWPID);
    request.namespaces &= ~static_cast<std::uint64_t>(CLONE_NEWUSER);
    auto cloned = joined ? kernel::clone_process({.flags = CLONE_PARENT, .want_pidfd = false})
                         : Result<kernel::ClonedProcess>(joined.error());
    if (cloned && cloned->pid == 0) {
        enter_lane(Lane::init);
        run_exec(request);
    }
    phase_done("join and clone");
    Message message;
    message.tag = Tag::init_cloned;
    message.pid = cloned ? cloned->pid : 0;
    if (!cloned) message = message_of(cloned.error().in("join the container's user namespace"));
    const auto sent = request.context.channel.send(message);
    ::_exit(sent && cloned ? 0 : 1);
}

void run_exec(ExecRequest& request) noexcept {
    const auto done = perform_exec(request);
    if (!done) static_cast<void>(request.context.channel.send(message_of(done.error())).has_value());
    ::_exit(1);
}

}  // namespace ocirun
