#include "runtime/container/checkpoint_container.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "runtime/container/container.hpp"
#include "runtime/container/criu_setting.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/launch/criu_service.hpp"
#include "runtime/launch/probe_host.hpp"
#include "spec/json/writer.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

namespace {

constexpr std::size_t config_limit = std::size_t{16} << 20U;
constexpr const char* dump_log = "dump.log";
constexpr std::uint32_t freezer_v2_version = 31400;

Result<void> check_status(const Container& container) {
    const Status status = TRY(container.status());
    if (status == Status::running || status == Status::paused) return {};
    return failure(ErrorCode::wrong_state,
                   "container cannot be checkpointed in " + std::string(status_word(status)) + " state");
}

/// The plan of a container that exists, from its own copy of config.json.
Result<ContainerPlan> recorded_plan(const Container& container) {
    const std::string text = TRY(container.directory().read(config_copy, config_limit));
    oci::spec::RuntimeConfig config = TRY(oci::spec::parse_runtime_config(text, config_copy));
    if (config.linux_section) config.linux_section->seccomp.reset();  // the kernel has it
    PlanRequest request;
    request.container_id = container.record().id;
    request.bundle = container.record().bundle;
    request.cgroups_disabled = container.record().cgroup.version == CgroupVersion::none;
    return plan_container(config, TRY(probe_host()), request);
}

/// The freezer's directory of the container, by which CRIU stops all of it at once.
std::string freezer_of(const CgroupLocation& cgroup, std::uint32_t version) {
    for (const auto& [controllers, directory] : cgroup.directories) {
        if (cgroup.version == CgroupVersion::v2) return version >= freezer_v2_version ? directory : "";
        if (("," + controllers + ",").find(",freezer,") != std::string::npos) return directory;
    }
    return {};
}

/// What 0, 1 and 2 of the process are, for a restore that puts its own in their place.
Result<void> write_descriptors(pid_t pid, oci::BorrowedFd images) {
    oci::spec::JsonWriter out;
    out.begin_array();
    for (int number = 0; number <= 2; ++number) {
        const std::string link = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(number);
        std::string target(4096, '\0');
        const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
        target.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
        out.string(target);
    }
    out.end_array();
    return oci::replace_file(images, descriptors_file, out.take(), 0600, oci::Durability::atomic_only);
}

Result<void> check_status_descriptor(int number) {
    const int flags = ::fcntl(number, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) return {};
    return failure(ErrorCode::invalid, "--status-fd " + std::to_string(number) +
                                           (flags < 0 ? ": is not open" : ": is not open for writing"));
}

/// What the container adds to the switches of the command line.
Result<void> describe_container(const Container& container, std::uint32_t version, CriuOptions& criu) {
    const ContainerPlan plan = TRY(recorded_plan(container));
    const pid_t pid = container.record().pid;
    criu.pid = pid;
    criu.root = container.record().rootfs;
    criu.log_file = dump_log;
    criu.freeze_cgroup = freezer_of(container.record().cgroup, version);
    criu.external = TRY(namespaces_for_dump(plan.namespaces));
    const Fd root = TRY(oci::open_file("/proc/" + std::to_string(pid) + "/root", O_PATH | O_DIRECTORY));
    criu.external_mounts = mounts_for_dump(plan, root);
    return {};
}

Result<void> dump(const std::string& program, const CheckpointOptions& options, CriuOptions criu,
                  oci::BorrowedFd log_directory, const std::string& log_path) {
    CriuLaunch launch{.program = program, .directories = {options.image_path}};
    if (!options.work_path.empty()) launch.directories.push_back(options.work_path);
    criu.images_directory = directory_descriptor(launch, 0);
    if (!options.work_path.empty()) criu.work_directory = directory_descriptor(launch, 1);
    CriuService service = TRY(CriuService::start(launch));
    const auto type = options.pre_dump ? CriuRequestType::pre_dump : CriuRequestType::dump;
    const CriuListener listener = [&](const CriuAnswer& notification, Fd /*descriptor*/) -> Result<void> {
        if (notification.script != "status-ready" || !options.status_descriptor) return {};
        const std::string_view ready("\0", 1);
        static_cast<void>(oci::write_all(oci::BorrowedFd(*options.status_descriptor), ready).has_value());
        ::close(*options.status_descriptor);
        return {};
    };
    auto dumped = service.ask(encode_criu_request(type, criu), listener);
    if (!dumped) {
        const std::string reason = last_criu_error(log_directory, log_path.substr(log_path.rfind('/') + 1));
        if (reason.empty()) return dumped.error();
        return failure(dumped.error().text + ": " + reason + " (see " + log_path + ")");
    }
    // After a pre-dump it would wait for the next one.
    return service.finish(!options.pre_dump);
}

}  // namespace

Result<void> checkpoint_container(const CheckpointOptions& options, std::vector<std::string>& warnings) {
    const Container container = TRY(Container::open(options.state_root, options.id, true));
    TRY(check_status(container));
    if (options.status_descriptor) TRY(check_status_descriptor(*options.status_descriptor));
    const std::string program = TRY(find_criu());
    const std::uint32_t version = TRY(criu_version(program));
    if (options.pre_dump) TRY(require_criu_features(program, {.memory_tracking = true}));
    if (options.criu.lazy_pages) TRY(require_criu_features(program, {.lazy_pages = true}));
    const Fd images = TRY(open_images(options.image_path, true, "--image-path"));
    Fd work;
    if (!options.work_path.empty()) work = TRY(open_images(options.work_path, true, "--work-path"));

    CriuOptions criu = options.criu;
    criu.track_memory = !criu.parent_images.empty() || options.pre_dump;
    criu.configuration_file =
        criu_configuration_file(container.record().annotations, options.unsafe_annotations, warnings);
    TRY(describe_container(container, version, criu));
    if (!options.pre_dump) TRY(write_descriptors(container.record().pid, images));
    const std::string log_path = (work.is_open() ? options.work_path : options.image_path) + "/" + dump_log;
    TRY(dump(program, options, criu, work.is_open() ? work : images, log_path));
    note_event(container.directory(), "checkpoint", container.record().pid);
    if (options.pre_dump || criu.leave_running) return {};
    const auto deleted = TRY(destroy_container(container));
    warnings.insert(warnings.end(), deleted.begin(), deleted.end());
    return {};
}

}  // namespace ocirun
