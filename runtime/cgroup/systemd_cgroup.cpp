#include "runtime/cgroup/systemd_cgroup.hpp"

#include "base/file.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/cgroup/cgroupfs_v2.hpp"
#include "runtime/plan/scope_plan.hpp"

namespace ocirun {

using oci::Result;

Result<void> SystemdCgroup::create() {
    const bool used = !TRY(files_->processes()).empty();
    if (used)
        return oci::failure(oci::ErrorCode::wrong_state,
                            "container's cgroup is not empty: unit " + location_.unit + " holds processes");
    bus_ = TRY(SystemdBus::connect(location_.user_manager));
    if (location_.version != CgroupVersion::v1) return {};
    auto made = files_->create();
    location_.created = files_->location().created;
    return made;
}

Result<void> SystemdCgroup::apply(const CgroupPlan& plan) {
    to_start_ = plan;
    return {};
}

std::optional<oci::BorrowedFd> SystemdCgroup::clone_target() const {
    // Until the scope has started there is nothing to be born into, whatever stands in its place.
    if (to_start_) return std::nullopt;
    return files_->clone_target();
}

Result<void> SystemdCgroup::start_scope(pid_t pid) {
    const CgroupPlan& plan = *to_start_;
    TRY(bus_->start_scope(*plan.scope, pid));
    location_.unit_started = true;
    for (const auto& [controllers, directory] : location_.directories) {
        if (controllers.empty()) location_.created.push_back(directory);
    }
    if (location_.version == CgroupVersion::v1) {
        TRY(files_->apply(plan));
        return files_->add_process(pid);
    }
    auto& files = static_cast<CgroupfsV2&>(*files_);
    TRY(files.adopt(plan.writes));
    TRY(files.apply(plan));
    return files.move_to_sub_group(pid);
}

Result<void> SystemdCgroup::add_process(pid_t pid) {
    if (!to_start_) return files_->add_process(pid);
    auto started = start_scope(pid);
    to_start_.reset();
    return started;
}

Result<void> SystemdCgroup::write(const std::vector<CgroupWrite>& writes) {
    std::vector<UnitProperty> properties = to_unit_properties(writes);
    if (!properties.empty()) {
        if (!bus_) bus_ = TRY(SystemdBus::connect(location_.user_manager));
        TRY(bus_->set_properties(location_.unit, std::move(properties)));
    }
    return files_->write(writes);
}

Result<void> SystemdCgroup::tell_of_devices(const std::vector<UnitProperty>& properties) {
    if (!bus_) bus_ = TRY(SystemdBus::connect(location_.user_manager));
    return bus_->set_properties(location_.unit, properties);
}

Result<void> SystemdCgroup::signal_all(int signal) {
    if (!location_.unit_started) return {};
    return files_->signal_all(signal);
}

Result<void> SystemdCgroup::remove() {
    if (location_.unit_started) {
        if (!bus_) bus_ = TRY(SystemdBus::connect(location_.user_manager));
        TRY(bus_->stop(location_.unit));
    }
    // systemd removes what is below as well; what it leaves, and the hierarchies of v1, are for us.
    std::vector<std::string> leaves;
    for (const auto& entry : location_.directories) leaves.push_back(entry.second);
    return remove_recorded(location_.created, leaves);
}

}  // namespace ocirun
