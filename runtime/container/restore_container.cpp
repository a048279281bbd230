#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "runtime/container/checkpoint_container.hpp"
#include "runtime/container/creation.hpp"
#include "runtime/container/criu_setting.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/hooks/run_hooks.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/launch/criu_service.hpp"
#include "runtime/protocol/channel.hpp"
#include "spec/json/reader.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

namespace {

constexpr std::size_t descriptors_limit = 64UL * 1024;
constexpr const char* restore_log = "restore.log";
constexpr const char* root_directory = "criu-root";  // in the state directory
constexpr std::uint32_t lsm_version = 31600;

/// What a restore has at hand between its steps.
struct Restoration {
    std::string program;
    Fd images;
    Fd work;
    std::vector<Fd> namespaces;
    CriuOptions criu;
    std::optional<Foreground> foreground;
    Fd console;  // where the terminal goes
    bool terminal_sent = false;
};

/// Pipes that were the container's standard streams: those of this process take their places. Whatever else
/// the file holds is of no interest: images may come from anywhere (CVE-2026-53489).
Result<void> inherit_pipes(oci::BorrowedFd images, CriuOptions& criu) {
    const auto text = oci::read_file(images, descriptors_file, descriptors_limit);
    if (!text && text.error().system_errno == ENOENT) return {};
    if (!text) return text.error().in("--image-path");
    const auto links = TRY(oci::spec::read_json<std::vector<std::string>>(*text, descriptors_file));
    for (std::size_t number = 0; number < links.size() && number <= 2; ++number) {
        const std::string& link = links[number];
        const bool pipe =
            link.starts_with("pipe:[") && link.ends_with("]") &&
            std::all_of(link.begin() + 6, link.end() - 1, [](char c) { return c >= '0' && c <= '9'; });
        if (pipe) criu.inherited.emplace_back(link, static_cast<int>(number));
    }
    return {};
}

Result<void> check_version(const CriuOptions& criu, std::uint32_t version) {
    if (version >= lsm_version || (criu.lsm_profile.empty() && criu.lsm_mount_context.empty())) return {};
    return failure(ErrorCode::unsupported,
                   std::string(criu.lsm_profile.empty() ? "--lsm-mount-context" : "--lsm-profile") +
                       " requires at least CRIU 3.16");
}

/// Everything that can be found out before anything is made.
Result<void> open_restoration(const RestoreOptions& options, Restoration& restoration) {
    restoration.criu = options.criu;
    restoration.program = TRY(find_criu());
    TRY(check_version(options.criu, TRY(criu_version(restoration.program))));
    restoration.images = TRY(open_images(options.image_path, false, "--image-path"));
    if (!options.work_path.empty())
        restoration.work = TRY(open_images(options.work_path, true, "--work-path"));
    return inherit_pipes(restoration.images, restoration.criu);
}

Result<void> describe_container(const RestoreOptions& options, Creation& creation, Restoration& restoration) {
    CriuOptions& criu = restoration.criu;
    criu.log_file = restore_log;
    criu.evasive_devices = true;
    criu.sibling = true;
    criu.root = TRY(oci::absolute_path(options.run.create.state_root)) + "/" + options.run.create.id + "/" +
                root_directory;
    criu.configuration_file = criu_configuration_file(
        creation.plan.annotations, options.run.create.unsafe_annotations, creation.warnings);
    TRY(namespaces_for_restore(creation.plan.namespaces, criu, restoration.namespaces));
    const Fd root = TRY(oci::open_file(creation.plan.rootfs.path, O_PATH | O_DIRECTORY).in("root.path"));
    criu.external_mounts = TRY(mounts_for_restore(creation.plan, root));
    return oci::make_directory(oci::current_directory, criu.root, 0755);
}

/// The processes are there, stopped: their first one goes on record before they run.
Result<void> record_restored(const RestoreOptions& options, Creation& creation, pid_t pid) {
    TRY(creation.cgroup->filter_devices(creation.plan.cgroup));
    TRY(record_process(creation, pid));
    note_event(*creation.directory, "restore", pid);
    if (options.run.create.pid_file.empty()) return {};
    return write_pid_file(options.run.create.pid_file, pid);
}

Result<void> run_hooks_of_host(Creation& creation, pid_t pid) {
    creation.hooks_may_have_run = true;
    const std::string state = hook_state_json(creation.plan, "creating", pid);
    TRY(run_hooks(creation.plan.hooks.prestart, state, creation.plan.bundle));
    return run_hooks(creation.plan.hooks.create_runtime, state, creation.plan.bundle);
}

Result<pid_t> restore(const RestoreOptions& options, Creation& creation, Restoration& restoration) {
    CriuLaunch launch;
    launch.program = restoration.program;
    launch.inherited.assign(restoration.namespaces.begin(), restoration.namespaces.end());
    launch.directories.push_back(options.image_path);
    if (!options.work_path.empty()) launch.directories.push_back(options.work_path);
    restoration.criu.images_directory = directory_descriptor(launch, 0);
    if (!options.work_path.empty()) restoration.criu.work_directory = directory_descriptor(launch, 1);
    launch.keep_standard_streams = true;
    launch.root = CriuRoot{.source = creation.plan.rootfs.path, .place = restoration.criu.root};
    launch.into_cgroup = creation.cgroup->clone_target();
    CriuService service = TRY(CriuService::start(launch));
    if (creation.record.cgroup.version != CgroupVersion::none) {
        if (!service.in_cgroup()) TRY(creation.cgroup->add_process(service.pid()));
        restoration.criu.cgroup_roots = TRY(cgroups_of(service.pid()));
    }
    const CriuListener listener = [&](const CriuAnswer& notification, Fd descriptor) -> Result<void> {
        if (notification.script == "setup-namespaces") return run_hooks_of_host(creation, notification.pid);
        if (notification.script == "post-restore")
            return record_restored(options, creation, notification.pid);
        if (notification.script != "orphan-pts-master" || !descriptor.is_open()) return {};
        if (!restoration.console.is_open()) return {};
        restoration.terminal_sent = true;
        return send_descriptor(restoration.console, descriptor, "orphan-pts-master");
    };
    auto restored = service.ask(encode_criu_request(CriuRequestType::restore, restoration.criu), listener);
    if (!restored) {
        const bool work = restoration.work.is_open();
        const std::string reason = last_criu_error(work ? restoration.work : restoration.images, restore_log);
        if (reason.empty()) return restored.error();
        return failure(restored.error().text + ": " + reason + " (see " +
                       (work ? options.work_path : options.image_path) + "/" + restore_log + ")");
    }
    TRY(service.finish(true));
    if (creation.record.pid == 0) TRY(record_restored(options, creation, restored->pid));
    return creation.record.pid;
}

/// Where the terminal of the container goes, if it had one.
Result<void> prepare_console(const RestoreOptions& options, const Creation& creation,
                             Restoration& restoration) {
    const bool terminal = creation.plan.process && creation.plan.process->terminal;
    if (!options.run.detach) restoration.foreground.emplace();
    if (!options.run.create.console_socket.empty()) {
        restoration.console = TRY(connect_console_socket(options.run.create.console_socket));
    } else if (terminal && restoration.foreground) {
        restoration.console = TRY(restoration.foreground->open_console());
    }
    return {};
}

}  // namespace

Result<int> restore_container(const RestoreOptions& options, std::vector<std::string>& warnings) {
    Restoration restoration;
    TRY(open_restoration(options, restoration));
    Creation creation;
    TRY(prepare(options.run.create, options.run.detach, creation));
    TRY(describe_container(options, creation, restoration));
    warnings = creation.warnings;
    if (!options.run.detach && options.run.subreaper) TRY(kernel::become_subreaper());
    TRY(prepare_console(options, creation, restoration));
    const pid_t pid = TRY(restore(options, creation, restoration));
    if (restoration.foreground && restoration.terminal_sent && options.run.create.console_socket.empty())
        TRY(restoration.foreground->receive_terminal());
    static_cast<void>(::rmdir(restoration.criu.root.c_str()));
    creation.keep();
    if (!restoration.foreground) return 0;
    return finish_run(options.run, creation, *restoration.foreground, pid, nullptr, warnings);
}

}  // namespace ocirun
