#include "runtime/container/creation.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/process.hpp"
#include "runtime/cgroup/systemd_bus.hpp"
#include "runtime/container/seccomp_cache.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/hooks/run_hooks.hpp"
#include "runtime/launch/probe_host.hpp"
#include "runtime/protocol/phase_trace.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

namespace {

Result<void> check_console(const ContainerPlan& plan, const std::string& console_socket, bool detached) {
    const bool terminal = plan.process && plan.process->terminal;
    if (terminal && detached && console_socket.empty()) {
        return failure(ErrorCode::invalid,
                       "cannot allocate tty if runc will detach without setting console socket: "
                       "process.terminal is true; give --console-socket, or set it to false");
    }
    if (!console_socket.empty() && !(terminal && detached)) {
        return failure(ErrorCode::invalid,
                       "cannot use console socket if runc will not detach or allocate tty");
    }
    return {};
}

Result<void> make_plan(const CreateOptions& options, Creation& creation) {
    creation.bundle = TRY(open_bundle(options.bundle, options.config_file));
    phase_done("read and check config.json");
    HostFacts host = TRY(probe_host());
    if (options.systemd_cgroup) host.systemd = TRY(probe_systemd(host));
    phase_done("look at the host");
    SeccompCache cache(options.state_root);
    PlanRequest request;
    request.container_id = options.id;
    request.bundle = creation.bundle.path;
    request.no_pivot = options.no_pivot;
    request.new_keyring = options.new_keyring;
    request.systemd_cgroup = options.systemd_cgroup;
    request.cgroups_disabled = options.cgroups_disabled;
    request.unsafe_annotations = options.unsafe_annotations;
    if (!options.notify_socket.empty())
        request.notify_directory = options.state_root + "/" + options.id + "/" + notify_directory;
    request.compile_seccomp = SeccompCache::compile_with;
    request.compile_context = &cache;
    creation.plan = TRY(plan_container(creation.bundle.config, host, request));
    creation.plan.last_capability = host.last_capability;
    creation.record.cgroup = TRY(locate_cgroup(creation.plan.cgroup, host.cgroup));
    if (creation.plan.rdt) creation.record.resctrl = TRY(locate_resctrl(*creation.plan.rdt, options.id));
    phase_done("plan");
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
    if (!options.notify_socket.empty()) TRY(directory.make_directory(notify_directory));
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

/// What the exit code alone does not tell the person at the terminal.
void explain_end(int code, const Creation& creation, std::vector<std::string>& warnings) {
    constexpr int by_signal = 128;
    if (code == by_signal + SIGSYS && !creation.plan.seccomp.program.empty()) {
        warnings.emplace_back(
            "the process was killed by SIGSYS: it made a system call that linux.seccomp kills for; "
            "the kernel's log has its number (dmesg, type=1326)");
    }
    if (code != by_signal + SIGKILL || !creation.cgroup) return;
    const auto kills = creation.cgroup->oom_kills();
    if (kills && *kills > 0)
        warnings.emplace_back(
            "the process was killed by SIGKILL for more memory than linux.resources.memory.limit");
}

/// The group of the resctrl file system, if the container is to have one.
Result<void> make_resctrl_group(Creation& creation) {
    if (!creation.plan.rdt) return {};
    bool made = false;
    TRY(create_resctrl(*creation.plan.rdt, creation.record.resctrl, made));
    creation.rollback.add(
        [&creation, made] { static_cast<void>(remove_resctrl(creation.record.resctrl, made).has_value()); });
    return {};
}

}  // namespace

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
    phase_done("record the intent");
    TRY(make_resctrl_group(creation));
    TRY(make_cgroup(creation));
    phase_done("make the cgroup");
    return {};
}

Result<void> record_process(Creation& creation, pid_t pid) {
    TRY(add_to_resctrl(creation.record.resctrl, pid));
    const auto identity = TRY(oci::identify_process(pid));
    creation.record.cgroup = creation.cgroup->location();
    creation.record.pid = pid;
    creation.record.start_time = identity.start_time;
    return creation.directory->save(creation.record);
}

/// Waits for the container's process, then deletes the container unless it is to be kept.
Result<int> finish_run(const RunOptions& options, Creation& creation, Foreground& foreground, pid_t pid,
                       const NotifySocket* notify, std::vector<std::string>& warnings) {
    // The container is made: while its process runs, pause, update and delete --force need the lock.
    TRY(creation.directory->unlock());
    const int code = TRY(foreground.watch(pid, notify));
    explain_end(code, creation, warnings);
    phase_done("the container's process");
    if (options.keep) return code;
    TRY(creation.directory->lock());
    // Somebody else has deleted it; another container may bear the id now.
    if (creation.directory->is_removed()) return code;
    creation.cgroup.reset();
    const Container container = TRY(Container::of(std::move(*creation.directory)));
    auto deleted = destroy_container(container);
    if (!deleted) {
        warnings.push_back(deleted.error().text);
    } else {
        warnings.insert(warnings.end(), deleted->begin(), deleted->end());
    }
    phase_done("delete");
    return code;
}

}  // namespace ocirun
