#pragma once
// A container's cgroup that systemd makes and knows as a scope. Host process.

#include <memory>
#include <optional>

#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/cgroup/systemd_bus.hpp"

namespace ocirun {

/// systemd starts the scope around the first process, so everything that create and apply ask for is done
/// in add_process; for all the rest the directories are used as without systemd, through `files`.
class SystemdCgroup final : public CgroupManager {
public:
    SystemdCgroup(CgroupLocation location, std::unique_ptr<CgroupManager> files)
        : location_(std::move(location)), files_(std::move(files)) {}

    [[nodiscard]] const CgroupLocation& location() const override { return location_; }
    oci::Result<void> create() override;
    oci::Result<void> apply(const CgroupPlan& plan) override;
    oci::Result<void> filter_devices(const CgroupPlan& plan) override { return files_->filter_devices(plan); }
    oci::Result<void> write(const std::vector<CgroupWrite>& writes) override;
    [[nodiscard]] oci::Result<std::vector<CgroupWrite>> current(
        const std::vector<CgroupWrite>& writes) override {
        return files_->current(writes);
    }
    oci::Result<void> replace_device_filter(const std::vector<BpfInstruction>& program) override {
        return files_->replace_device_filter(program);
    }
    oci::Result<void> tell_of_devices(const std::vector<UnitProperty>& properties) override;
    [[nodiscard]] std::optional<oci::BorrowedFd> clone_target() const override;
    oci::Result<void> add_process(pid_t pid) override;
    oci::Result<void> freeze() override { return files_->freeze(); }
    oci::Result<void> thaw() override { return files_->thaw(); }
    oci::Result<bool> is_frozen() override { return files_->is_frozen(); }
    oci::Result<void> signal_all(int signal) override;
    oci::Result<std::vector<pid_t>> processes() override { return files_->processes(); }
    oci::Result<unsigned long> oom_kills() override { return files_->oom_kills(); }
    oci::Result<void> remove() override;

private:
    oci::Result<void> start_scope(pid_t pid);

    CgroupLocation location_;
    std::unique_ptr<CgroupManager> files_;
    std::optional<SystemdBus> bus_;
    std::optional<CgroupPlan> to_start_;  // between apply and add_process
};

}  // namespace ocirun
