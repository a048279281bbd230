#pragma once
// A container's cgroups where every controller has a tree of its own (cgroup v1). Host process.

#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/cgroup/write_resources.hpp"

namespace ocirun {

class CgroupfsV1 final : public CgroupManager {
public:
    explicit CgroupfsV1(CgroupLocation location) : location_(std::move(location)) {}

    [[nodiscard]] const CgroupLocation& location() const override { return location_; }
    oci::Result<void> create() override;
    oci::Result<void> apply(const CgroupPlan& plan) override;
    oci::Result<void> write(const std::vector<CgroupWrite>& writes) override;
    [[nodiscard]] oci::Result<std::vector<CgroupWrite>> current(
        const std::vector<CgroupWrite>& writes) override;
    oci::Result<void> replace_device_filter(const std::vector<BpfInstruction>& program) override;
    [[nodiscard]] std::optional<oci::BorrowedFd> clone_target() const override { return std::nullopt; }
    oci::Result<void> add_process(pid_t pid) override;
    oci::Result<void> freeze() override;
    oci::Result<void> thaw() override;
    oci::Result<bool> is_frozen() override;
    oci::Result<void> signal_all(int signal) override;
    oci::Result<std::vector<pid_t>> processes() override;
    oci::Result<unsigned long> oom_kills() override;
    oci::Result<void> remove() override;

private:
    oci::Result<ResourceTarget> target_of(const std::vector<CgroupWrite>& writes);
    /// The directory of a controller; empty if no hierarchy has it.
    [[nodiscard]] std::string directory_of(const std::string& controller) const;
    oci::Result<oci::Fd> open_freezer() const;
    oci::Result<void> create_directory(const std::string& controllers, const std::string& directory);

    CgroupLocation location_;
    std::map<std::string, oci::Fd> open_;  // by directory, opened when first written to
};

}  // namespace ocirun
