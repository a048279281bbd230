#include "runtime/container/exec_container.hpp"

#include <fcntl.h>

#include <algorithm>
#include <optional>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/container/container.hpp"
#include "runtime/container/create_container.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/container/seccomp_cache.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/launch/foreground.hpp"
#include "runtime/launch/launch_exec.hpp"
#include "runtime/launch/probe_host.hpp"
#include "runtime/plan/annotations.hpp"
#include "runtime/protocol/debug_notes.hpp"
#include "runtime/protocol/phase_trace.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

namespace {

constexpr std::size_t process_limit = std::size_t{16} << 20U;

Result<oci::spec::Process> read_process_file(const std::string& path) {
    const auto text = oci::read_input_file(path, process_limit);
    if (!text) return text.error().in("--process");
    return oci::spec::parse_process(*text, path);
}

/// --cap adds to the bounding, effective and permitted sets; never to the inheritable one (CVE-2022-29162).
void add_capabilities(const std::vector<std::string>& names, oci::spec::Process& process) {
    if (names.empty()) return;
    if (!process.capabilities) process.capabilities.emplace();
    for (auto* set : {&process.capabilities->bounding, &process.capabilities->effective,
                      &process.capabilities->permitted}) {
        for (const std::string& name : names) {
            if (std::find(set->begin(), set->end(), name) == set->end()) set->push_back(name);
        }
    }
}

/// The container's own process with what the command line changes.
Result<oci::spec::Process> recorded_process(const Container& container, const ExecContainerOptions& options) {
    const std::string text = TRY(container.directory().read(config_copy, process_limit));
    auto config = TRY(oci::spec::parse_runtime_config(text, config_copy));
    if (!config.process)
        return failure(ErrorCode::invalid, "the container's config.json has no process; use --process");
    oci::spec::Process process = std::move(*config.process);
    process.args = options.arguments;
    process.terminal = options.tty;
    process.console_size.reset();
    if (!options.cwd.empty()) process.cwd = options.cwd;
    process.env.insert(process.env.end(), options.environment.begin(), options.environment.end());
    if (!options.user.empty()) TRY(parse_exec_user(options.user, process.user.uid, process.user.gid));
    process.user.additional_gids.insert(process.user.additional_gids.end(), options.additional_gids.begin(),
                                        options.additional_gids.end());
    if (!options.apparmor_profile.empty()) process.apparmor_profile = options.apparmor_profile;
    if (!options.process_label.empty()) process.selinux_label = options.process_label;
    if (options.no_new_privileges) process.no_new_privileges = true;
    add_capabilities(options.capabilities, process);
    return process;
}

Result<void> check_status(const Container& container, bool ignore_paused) {
    switch (TRY(container.status())) {
        case Status::stopped:
            return failure(ErrorCode::wrong_state, "cannot exec in a stopped container: the process of " +
                                                       oci::quote(container.record().id) + " has ended");
        case Status::creating:
            return failure(ErrorCode::wrong_state, "cannot exec in a container that is being created");
        case Status::paused:
            if (!ignore_paused) {
                return failure(ErrorCode::wrong_state,
                               "cannot exec in a paused container (use --ignore-paused to override)");
            }
            return {};
        case Status::created:
        case Status::running:
            return {};
    }
    return {};
}

Result<ProcessPlan> plan_exec(const Container& container, const ExecContainerOptions& options,
                              const HostFacts& host) {
    oci::spec::Process process;
    if (options.process_file.empty()) {
        process = TRY(recorded_process(container, options));
    } else {
        process = TRY(read_process_file(options.process_file));
        if (options.tty) process.terminal = true;
    }
    ProcessPlan plan = TRY(plan_process(process, host, options.process_file.empty() ? "process" : ""));
    TRY(plan_process_annotations(plan, container.record().annotations));
    return plan;
}

Result<void> check_console(const ProcessPlan& process, const ExecContainerOptions& options) {
    if (process.terminal && options.detach && options.console_socket.empty()) {
        return failure(ErrorCode::invalid,
                       "cannot allocate tty if runc will detach without setting console socket: "
                       "process.terminal is true; give --console-socket, or set it to false");
    }
    if (!options.console_socket.empty() && !(process.terminal && options.detach)) {
        return failure(ErrorCode::invalid,
                       "cannot use console socket if runc will not detach or allocate tty");
    }
    return {};
}

/// As a hexadecimal number: bit 0 is CPU 0.
std::string cpu_mask(const std::vector<int>& cpus) {
    constexpr int bits = 4;
    std::string digits(static_cast<std::size_t>(*std::max_element(cpus.begin(), cpus.end()) / bits + 1), '0');
    for (const int cpu : cpus) {
        char& digit = digits[digits.size() - 1 - static_cast<std::size_t>(cpu / bits)];
        const int value = (digit <= '9' ? digit - '0' : digit - 'a' + 10) | 1 << cpu % bits;
        digit = "0123456789abcdef"[value];
    }
    return "0x" + digits;
}

std::string listener_state(const Container& container, const SeccompPlan& seccomp) {
    if (seccomp.listener_path.empty()) return {};
    ContainerPlan plan;
    plan.id = container.record().id;
    plan.bundle = container.record().bundle;
    plan.annotations = container.record().annotations;
    plan.seccomp.listener_metadata = seccomp.listener_metadata;
    return listener_state_json(plan, "running", container.record().pid);
}

void note_new_process(pid_t pid, const ProcessPlan& process) {
    if (!debug_notes_wanted()) return;
    const std::string name = std::to_string(pid);
    debug_note("nsexec container setup: process " + name + " was cloned");
    if (!process.initial_cpus.empty())
        debug_note("nsexec[" + name + "]: affinity: " + cpu_mask(process.initial_cpus));
    debug_note("child process in init(): it has joined the container");
}

/// Where a further process belongs: the container's own cgroup, as both runc and crun have it; where that one
/// hands controllers to its children and therefore takes no process, the cgroup that init has moved to.
Result<CgroupLocation> cgroup_for_exec(const RecordedState& record) {
    bool takes_processes = record.cgroup.version != CgroupVersion::none;
    if (record.cgroup.version == CgroupVersion::v2) {
        for (const auto& entry : record.cgroup.directories) {
            const auto handed = oci::read_kernel_file(entry.second + "/cgroup.subtree_control");
            takes_processes = takes_processes && handed && oci::trim(*handed).empty();
        }
    }
    if (takes_processes) return record.cgroup;
    return cgroup_of_process(record.cgroup, record.pid);
}

/// Starts the process; with `foreground` its terminal comes to this process.
Result<LaunchedInit> start_process(const Container& container, const ExecContainerOptions& options,
                                   const ProcessPlan& process, const SeccompPlan& seccomp,
                                   std::uint64_t last_capability, Foreground* foreground) {
    const CgroupLocation& recorded = container.record().cgroup;
    const auto location = TRY(options.cgroups.empty() ? cgroup_for_exec(container.record())
                                                      : sub_cgroup(recorded, options.cgroups));
    const auto cgroup = TRY(open_cgroup_manager(location));
    ExecOptions launch;
    launch.process = &process;
    launch.seccomp = &seccomp;
    launch.cgroup = cgroup.get();
    launch.container_pid = container.record().pid;
    launch.container_id = container.record().id;
    launch.listener_state = listener_state(container, seccomp);
    launch.last_capability = last_capability;
    launch.passed = options.passed;
    if (!options.console_socket.empty()) {
        launch.console_socket = TRY(connect_console_socket(options.console_socket));
    } else if (process.terminal && foreground != nullptr) {
        launch.console_socket = TRY(foreground->open_console());
    }
    LaunchedInit started = TRY(launch_exec(launch));
    TRY(add_to_resctrl(container.record().resctrl, started.pid()));
    phase_done("clone and wait until it is ready");
    note_new_process(started.pid(), process);
    if (foreground != nullptr) TRY(foreground->receive_terminal());
    if (!options.pid_file.empty()) TRY(write_pid_file(options.pid_file, started.pid()));
    if (!options.pidfd_socket.empty())
        TRY(send_pidfd(options.pidfd_socket, started.pidfd(), "setns").in("--pidfd-socket"));
    TRY(start_launched(started));
    phase_done("start: until execve");
    debug_note("setns_init: about to exec has become the program");
    note_event(container.directory(), "exec", started.pid());
    return started;
}

}  // namespace

Result<void> parse_exec_user(const std::string& text, std::uint32_t& uid, std::uint32_t& gid) {
    const std::size_t colon = text.find(':');
    const auto user = oci::parse_integer<std::uint32_t>(std::string_view(text).substr(0, colon));
    std::optional<std::uint32_t> group = gid;
    if (colon != std::string::npos)
        group = oci::parse_integer<std::uint32_t>(std::string_view(text).substr(colon + 1));
    constexpr std::uint32_t no_id = 0xffffffff;
    if (!user || !group || *user == no_id || *group == no_id) {
        return failure(ErrorCode::invalid,
                       "--user: " + oci::quote(text) + ": expected UID or UID:GID as decimal numbers");
    }
    uid = *user;
    gid = *group;
    return {};
}

Result<int> exec_in_container(const ExecContainerOptions& options, std::vector<std::string>& warnings) {
    const Container container = TRY(Container::open(options.state_root, options.id, false));
    TRY(check_status(container, options.ignore_paused));
    phase_done("open the container");
    HostFacts host = TRY(probe_host());
    if (in_other_user_namespace(container.record().pid)) host.bounding_capabilities = ~std::uint64_t{0};
    phase_done("look at the host");
    const ProcessPlan process = TRY(plan_exec(container, options, host));
    phase_done("plan");
    warnings = process.warnings;
    TRY(check_console(process, options));
    const SeccompPlan seccomp = TRY(recorded_filter(container.directory()));
    // Verified once more at the last moment: the pid still belongs to this container's init.
    TRY(container.init_pidfd().in("container " + options.id));
    std::optional<Foreground> foreground;
    if (!options.detach) {
        foreground.emplace();
        if (options.subreaper) TRY(kernel::become_subreaper());
    }
    LaunchedInit started = TRY(start_process(container, options, process, seccomp, host.last_capability,
                                             foreground ? &*foreground : nullptr));
    const pid_t pid = started.release();
    if (!foreground) return 0;
    const int code = TRY(foreground->watch(pid));
    phase_done("the process");
    return code;
}

}  // namespace ocirun
