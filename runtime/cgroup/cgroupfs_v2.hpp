#pragma once
// A container's cgroup in the unified tree (cgroup v2). Host process.

#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/cgroup/write_resources.hpp"

namespace ocirun {

class CgroupfsV2 final : public CgroupManager {
public:
    explicit CgroupfsV2(CgroupLocation location);

    [[nodiscard]] const CgroupLocation& location() const override { return location_; }
    oci::Result<void> create() override;
    /// Takes the directory that systemd has made, and enables the controllers of `writes` that systemd does
    /// not manage (hugetlb, rdma) on the way down to it.
    oci::Result<void> adopt(const std::vector<CgroupWrite>& writes);
    oci::Result<void> apply(const CgroupPlan& plan) override;
    /// Moves a process that systemd has put into the directory itself to where processes are to be.
    oci::Result<void> move_to_sub_group(pid_t pid);
    oci::Result<void> filter_devices(const CgroupPlan& plan) override;
    oci::Result<void> write(const std::vector<CgroupWrite>& writes) override;
    [[nodiscard]] oci::Result<std::vector<CgroupWrite>> current(
        const std::vector<CgroupWrite>& writes) override;
    oci::Result<void> replace_device_filter(const std::vector<BpfInstruction>& program) override;
    [[nodiscard]] std::optional<oci::BorrowedFd> clone_target() const override;
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
    oci::Result<oci::BorrowedFd> open();
    oci::Result<void> create_directories();
    oci::Result<void> refuse_used(bool made);
    oci::Result<void> enable_controllers(const std::string& directory);
    oci::Result<void> set_frozen(bool frozen);
    oci::Result<void> make_sub_group();
    [[nodiscard]] std::string process_directory() const;
    [[nodiscard]] std::string explain_missing(const CgroupWrite& write);

    CgroupLocation location_;
    std::string directory_;
    oci::Fd cgroup_;
    oci::Fd sub_group_;                               // where processes are put, when that is another
    std::map<std::string, std::string> not_enabled_;  // controller -> why, learnt by create
};

}  // namespace ocirun
