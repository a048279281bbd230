#include "runtime/container/create_container.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/process.hpp"
#include "runtime/cgroup/systemd_bus.hpp"
#include "runtime/container/bundle.hpp"
#include "runtime/container/container.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/container/seccomp_cache.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/hooks/run_hooks.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/launch/foreground.hpp"
#include "runtime/launch/launch_init.hpp"
#include "runtime/launch/probe_host.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

namespace {

/// Undoes what was done, last first, unless it is dismissed. Works in this process only: a clone's copy
/// does nothing.
class Rollback {
public:
    Rollback() = default;
    ~Rollback() {
        if (::getpid() != owner_) return;
        for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) (*step)();
    }
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    void dismiss() { steps_.clear(); }

private:
    pid_t owner_ = ::getpid();
    std::vector<std::function<void()>> steps_;
};

/// A container on its way: what create has at hand between its steps.
struct Creation {
    Bundle bundle;
    ContainerPlan plan;
    std::optional<StateDirectory> directory;
    RecordedState record;
    std::unique_ptr<CgroupManager> cgroup;
    bool hooks_may_have_run = false;  // from here on a failure ends with the poststop hooks
    Rollback rollback;
    std::vector<std::string> warnings;
};

Result<void> check_console(const ContainerPlan& plan, const std::string& console_socket, bool detached) {
    const bool terminal = plan.process && plan.process->terminal;
    if (terminal && detached && console_socket.empty()) {
        return failure(ErrorCode::invalid,
                       "cannot allocate tty if runc will detach without setting console socket");
    }
    if (!console_socket.empty() && !(terminal && detached)) {
        return failure(ErrorCode::invalid,
                       "cannot use console socket if runc will not detach or allocate tty");
    }
    return {};
}

Result<void> make_plan(const CreateOptions& options, Creation& creation) {
    creation.bundle = TRY(open_bundle(options.bundle, options.config_file));
    HostFacts host = TRY(probe_host());
    if (options.systemd_cgroup) host.systemd = TRY(probe_systemd(host));
    SeccompCache cache(options.state_root);
    PlanRequest request;
    request.container_id = options.id;
    request.bundle = creation.bundle.path;
    request.no_pivot = options.no_pivot;
    request.new_keyring = options.new_keyring;
    request.systemd_cgroup = options.systemd_cgroup;
    request.cgroups_disabled = options.cgroups_disabled;
    request.unsafe_annotations = options.unsafe_annotations;
    request.compile_seccomp = SeccompCache::compile_with;
    request.compile_context = &cache;
    creation.plan = TRY(plan_container(creation.bundle.config, host, request));
    creation.plan.last_capability = host.last_capability;
    creation.record.cgroup = TRY(locate_cgroup(creation.plan.cgroup, host.cgroup));
    return {};
}

void fill_record(Creation& creation) {
    const ContainerPlan& plan = creation.plan;
    RecordedState& record = creation.record;
    record.oci_version = spec_version;
    record.id = plan.id;
    record.bundle = plan.bundle;
    record.rootfs = plan.rootfs.path;
    record.created = current_time_text();
    record.owner = ::geteuid();
    record.own_pid_namespace = plan.namespaces.has(NamespaceKind::pid);
    record.new_keyring = plan.new_keyring;
    record.has_hooks = !plan.hooks.poststart.empty() || !plan.hooks.poststop.empty();
    record.hook_output = plan.hook_output;
    record.hook_errors = plan.hook_errors;
    record.annotations = plan.annotations;
}

/// The intent is on record before the first side effect: a create that is killed can be deleted.
Result<void> record_intent(const CreateOptions& options, Creation& creation) {
    creation.directory = TRY(StateDirectory::reserve(options.state_root, options.id));
    const StateDirectory& directory = *creation.directory;
    creation.rollback.add([&directory] { static_cast<void>(directory.remove().has_value()); });
    fill_record(creation);
    // Steps 12 and 13 of runtime.md "Lifecycle": whatever hook failed, after all is undone come these.
    creation.rollback.add([&creation] {
        if (!creation.hooks_may_have_run) return;
        run_hooks_to_the_end(creation.plan.hooks.poststop,
                             hook_state_json(creation.plan, "stopped", creation.record.pid),
                             creation.plan.bundle);
    });
    TRY(directory.save(creation.record));
    TRY(directory.write(config_copy, creation.bundle.config_text));
    return record_filter(directory, creation.plan.seccomp);
}

/// An ordinary user whom nobody gave a cgroup runs containers without one, as long as none is asked for.
bool can_do_without(const CgroupPlan& plan, const oci::Error& error) {
    const int number = error.system_errno;
    return plan.may_be_missing && (number == EACCES || number == EPERM || number == EROFS);
}

/// Without a cgroup of its own the container sees those of the host, read-only as planned.
void show_host_cgroups(ContainerPlan& plan) {
    for (PlannedMount& mount : plan.rootfs.mounts) {
        for (CgroupMountEntry& entry : mount.cgroup_entries) {
            if (entry.host_path.ends_with(plan.cgroup.path))
                entry.host_path.resize(entry.host_path.size() - plan.cgroup.path.size());
        }
    }
}

Result<void> make_cgroup(Creation& creation) {
    creation.cgroup = TRY(open_cgroup_manager(creation.record.cgroup));
    creation.rollback.add([&creation] { static_cast<void>(creation.cgroup->remove().has_value()); });
    auto created = creation.cgroup->create();
    if (!created && can_do_without(creation.plan.cgroup, created.error())) {
        static_cast<void>(creation.cgroup->remove().has_value());
        show_host_cgroups(creation.plan);
        creation.record.cgroup = CgroupLocation();
        creation.cgroup = TRY(open_cgroup_manager(creation.record.cgroup));
        return creation.directory->save(creation.record);
    }
    CgroupManager& cgroup = *creation.cgroup;
    // What is ours may be less than what was planned: another container may have made it meanwhile.
    if (cgroup.location().created != creation.record.cgroup.created) {
        creation.record.cgroup = cgroup.location();
        TRY(creation.directory->save(creation.record));
    }
    if (!created) return created;
    // Only now is it sure that the processes in there are none but ours.
    creation.rollback.add([&cgroup] { static_cast<void>(cgroup.signal_all(SIGKILL).has_value()); });
    return cgroup.apply(creation.plan.cgroup);
}

/// From nothing to an init that is ready. `start_socket` decides what it waits for.
Result<LaunchedInit> launch(const CreateOptions& options, Creation& creation, Fd start_socket, Fd console) {
    LaunchOptions launch_options;
    launch_options.plan = &creation.plan;
    launch_options.cgroup = creation.cgroup.get();
    launch_options.start_socket = std::move(start_socket);
    launch_options.console_socket = std::move(console);
    launch_options.passed = options.passed;
    launch_options.close_in_child = creation.directory->descriptors();
    LaunchedInit init = TRY(launch_init(launch_options).in("unable to start container process"));
    TRY(creation.cgroup->filter_devices(creation.plan.cgroup));
    creation.hooks_may_have_run = true;
    TRY(serve_init(init, launch_options).in("unable to start container process"));
    const auto identity = TRY(oci::identify_process(init.pid()));
    creation.record.cgroup = creation.cgroup->location();
    creation.record.pid = init.pid();
    creation.record.start_time = identity.start_time;
    TRY(creation.directory->save(creation.record));
    note_event(*creation.directory, "create", init.pid());
    if (!creation.plan.pidfd_receiver.empty())
        TRY(send_pidfd(creation.plan.pidfd_receiver, init.pidfd(), "standard")
                .in("annotations: run.oci.pidfd_receiver"));
    if (!options.pidfd_socket.empty())
        TRY(send_pidfd(options.pidfd_socket, init.pidfd(), "standard").in("--pidfd-socket"));
    if (!options.pid_file.empty()) TRY(write_pid_file(options.pid_file, init.pid()));
    return init;
}

Result<void> prepare(const CreateOptions& options, bool detached, Creation& creation) {
    TRY(make_plan(options, creation));
    // System calls that no kernel of this machine knows are of interest to `plan`, not to every start.
    const std::vector<std::string>& unknown_calls = creation.plan.seccomp.warnings;
    for (const std::string& warning : creation.plan.warnings) {
        const bool minor =
            std::find(unknown_calls.begin(), unknown_calls.end(), warning) != unknown_calls.end();
        if (!minor) creation.warnings.push_back(warning);
    }
    TRY(check_console(creation.plan, options.console_socket, detached));
    TRY(record_intent(options, creation));
    return make_cgroup(creation);
}

/// Waits for the container's process, then deletes the container unless it is to be kept.
Result<int> finish_run(const RunOptions& options, Creation& creation, Foreground& foreground, pid_t pid,
                       std::vector<std::string>& warnings) {
    const int code = TRY(foreground.watch(pid));
    if (options.keep) return code;
    creation.directory.reset();  // gives the lock back
    creation.cgroup.reset();
    auto deleted = delete_container(options.create.state_root, options.create.id, true);
    if (!deleted) {
        warnings.push_back(deleted.error().text);
    } else {
        warnings.insert(warnings.end(), deleted->begin(), deleted->end());
    }
    return code;
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
    init.release();
    creation.rollback.dismiss();
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
    LaunchedInit init = TRY(launch(options.create, creation, Fd(), std::move(console)));
    if (foreground) TRY(foreground->receive_terminal());
    TRY(start_launched(init).in("unable to start container process"));
    note_event(*creation.directory, "start", init.pid());
    TRY(run_poststart(creation));
    const pid_t pid = init.release();
    creation.rollback.dismiss();
    if (!foreground) return 0;
    return finish_run(options, creation, *foreground, pid, warnings);
}

}  // namespace ocirun
