#include "runtime/container/update_container.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/file.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/launch/change_rootfs.hpp"
#include "runtime/launch/probe_host.hpp"
#include "runtime/plan/update_plan.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Resources;

namespace {

constexpr std::size_t document_limit = std::size_t{16} << 20U;

Result<void> check_alive(const Container& container) {
    const Status status = TRY(container.status());
    if (status == Status::stopped) return failure(ErrorCode::wrong_state, "container not running");
    if (status == Status::creating)
        return failure(ErrorCode::wrong_state, "the container is still being created");
    return {};
}

Result<oci::spec::RuntimeConfig> recorded_config(const StateDirectory& directory) {
    const std::string text = TRY(directory.read(config_copy, document_limit));
    return oci::spec::parse_runtime_config(text, config_copy);
}

/// What is new, planned in the setting of the container's own configuration.
Result<ContainerPlan> plan_additions(const Container& container, const oci::spec::Update& update) {
    oci::spec::RuntimeConfig config = TRY(recorded_config(container.directory()));
    if (!config.linux_section) config.linux_section.emplace();
    oci::spec::Linux& section = *config.linux_section;
    config.mounts = update.mounts;
    config.hooks.reset();
    if (config.root) config.root->readonly = false;
    section.devices = update.device_nodes;
    section.seccomp.reset();
    section.resources.reset();
    section.masked_paths.clear();
    section.readonly_paths.clear();
    PlanRequest request;
    request.container_id = container.record().id;
    request.bundle = container.record().bundle;
    request.cgroups_disabled = true;
    ContainerPlan plan = TRY(plan_container(config, TRY(probe_host()), request));
    plan.rootfs.links.clear();
    std::erase_if(plan.rootfs.devices,
                  [](const PlannedDevice& device) { return device.origin == "default"; });
    for (PlannedDevice& device : plan.rootfs.devices) {
        const std::size_t index = device.origin.find('[');
        if (index != std::string::npos) device.origin = "deviceNodes" + device.origin.substr(index);
    }
    return plan;
}

std::vector<std::string> destinations_of(const std::vector<oci::spec::Mount>& mounts) {
    std::vector<std::string> destinations;
    for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount)
        destinations.push_back(oci::clean_path("/" + mount->destination));
    return destinations;
}

/// Steps back, last first, unless the whole change was made.
class StepsBack {
public:
    StepsBack() = default;
    StepsBack(const StepsBack&) = delete;
    StepsBack& operator=(const StepsBack&) = delete;
    ~StepsBack() {
        for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
            static_cast<void>((*step)().has_value());
    }
    void add(std::function<Result<void>()> step) { steps_.push_back(std::move(step)); }
    void forget() { steps_.clear(); }

private:
    std::vector<std::function<Result<void>()>> steps_;
};

Result<void> change_limits(CgroupManager& cgroup, const std::vector<CgroupWrite>& writes, StepsBack& back) {
    if (writes.empty()) return {};
    const auto before = TRY(cgroup.current(writes));
    back.add([&cgroup, before] { return cgroup.write(before); });
    return cgroup.write(writes);
}

Result<void> change_devices(CgroupManager& cgroup, const Resources& before, const Resources& after,
                            StepsBack& back) {
    const CgroupVersion version = cgroup.location().version;
    const CgroupPlan forth = TRY(plan_device_change(before.devices, after.devices, version));
    const CgroupPlan reverse = TRY(plan_device_change(after.devices, before.devices, version));
    const auto perform = [&cgroup](const CgroupPlan& change) -> Result<void> {
        TRY(cgroup.tell_of_devices(change.scope->properties));
        return change.version == CgroupVersion::v2 ? cgroup.replace_device_filter(change.device_filter)
                                                   : cgroup.write(change.writes);
    };
    back.add([perform, reverse] { return perform(reverse); });
    return perform(forth);
}

Result<void> change_rootfs(const Container& container, const oci::spec::Update& update, StepsBack& back) {
    if (update.mounts.empty() && update.device_nodes.empty()) return {};
    const ContainerPlan plan = TRY(plan_additions(container, update));
    TRY(container.init_pidfd());
    const pid_t pid = container.record().pid;
    TRY(add_to_rootfs(pid, plan));
    back.add([pid, &update] { return unmount_from_rootfs(pid, destinations_of(update.mounts)); });
    return {};
}

Result<void> change_schemata(const Container& container, const std::vector<std::string>& lines,
                             StepsBack& back) {
    if (lines.empty()) return {};
    const ResctrlLocation& location = container.record().resctrl;
    if (location.group.empty())
        return failure(ErrorCode::wrong_state,
                       "the container has no linux.intelRdt: its caches and bandwidth cannot be changed");
    const auto before = TRY(read_schemata(location));
    back.add([location, before] { return write_schemata(location, before); });
    return write_schemata(location, lines);
}

}  // namespace

Result<Resources> recorded_resources(const StateDirectory& directory) {
    if (directory.has(resources_file)) {
        const std::string text = TRY(directory.read(resources_file, document_limit));
        return oci::spec::parse_resources(text, resources_file);
    }
    const auto config = TRY(recorded_config(directory));
    if (config.linux_section && config.linux_section->resources) return *config.linux_section->resources;
    return Resources();
}

Result<std::vector<std::string>> update_container(const std::string& root, const std::string& id,
                                                  const oci::spec::Update& update,
                                                  const std::vector<std::string>& schemata) {
    const Container container = TRY(Container::open(root, id, true));
    TRY(check_alive(container));
    const auto cgroup = TRY(container.cgroup());
    const Resources before = TRY(recorded_resources(container.directory()));
    const Resources after = merge_resources(before, update.resources);
    std::vector<std::string> warnings;
    Resources limits = update.resources;
    limits.devices.clear();
    const auto writes = TRY(plan_change_writes(limits, after, cgroup->location().version, warnings));
    StepsBack back;
    TRY(change_limits(*cgroup, writes, back));
    if (!update.resources.devices.empty()) TRY(change_devices(*cgroup, before, after, back));
    TRY(change_schemata(container, schemata, back));
    TRY(change_rootfs(container, update, back));
    TRY(container.directory().write(resources_file, oci::spec::to_json(after)));
    back.forget();
    note_event(container.directory(), "update", container.record().pid);
    return warnings;
}

Result<void> add_mounts(const std::string& root, const std::string& id,
                        const std::vector<oci::spec::Mount>& mounts) {
    const Container container = TRY(Container::open(root, id, true));
    TRY(check_alive(container));
    StepsBack back;
    TRY(change_rootfs(container, {.resources = {}, .mounts = mounts, .device_nodes = {}}, back));
    back.forget();
    return {};
}

Result<void> remove_mounts(const std::string& root, const std::string& id,
                           const std::vector<oci::spec::Mount>& mounts) {
    const Container container = TRY(Container::open(root, id, true));
    TRY(check_alive(container));
    TRY(container.init_pidfd());
    return unmount_from_rootfs(container.record().pid, destinations_of(mounts));
}

}  // namespace ocirun
