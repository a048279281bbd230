#pragma once
// A container without a cgroup of its own: cgroups are disabled or not mounted. Host process.

#include "runtime/cgroup/cgroup_manager.hpp"

namespace ocirun {

class UnmanagedCgroup final : public CgroupManager {
public:
    explicit UnmanagedCgroup(CgroupLocation location) : location_(std::move(location)) {}

    [[nodiscard]] const CgroupLocation& location() const override { return location_; }
    oci::Result<void> create() override { return {}; }
    oci::Result<void> apply(const CgroupPlan& plan) override;
    oci::Result<void> write(const std::vector<CgroupWrite>& writes) override;
    [[nodiscard]] oci::Result<std::vector<CgroupWrite>> current(
        const std::vector<CgroupWrite>& writes) override;
    oci::Result<void> replace_device_filter(const std::vector<BpfInstruction>& program) override;
    [[nodiscard]] std::optional<oci::BorrowedFd> clone_target() const override { return std::nullopt; }
    oci::Result<void> add_process(pid_t) override { return {}; }
    oci::Result<void> freeze() override;
    oci::Result<void> thaw() override;
    oci::Result<bool> is_frozen() override { return false; }
    oci::Result<void> signal_all(int signal) override;
    oci::Result<std::vector<pid_t>> processes() override;
    oci::Result<unsigned long> oom_kills() override { return 0UL; }
    oci::Result<void> remove() override { return {}; }

private:
    CgroupLocation location_;
};

}  // namespace ocirun
