#pragma once
// The interface to a container's cgroup, whatever its version. Runs in the host process.

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"
#include "runtime/plan/host_facts.hpp"

namespace ocirun {

/// Where a container's cgroup is, as recorded in state.json before anything is created.
struct CgroupLocation {
    CgroupDriver driver = CgroupDriver::cgroupfs;
    CgroupVersion version = CgroupVersion::none;
    /// v1: controller list of each hierarchy ("cpu,cpuacct") -> absolute directory; v2: "" -> directory.
    std::map<std::string, std::string> directories;
    /// Directories that did not exist before create: only these may be removed by delete.
    std::vector<std::string> created;
    /// v2: the directory below, in which the container's processes are; empty: in the directory itself.
    std::string sub_group{};
    std::string unit;           // systemd: the scope
    bool user_manager = false;  // systemd: of the user's manager
    bool unit_started = false;  // systemd: by us; only then is the scope, and who is in it, ours
};

class CgroupManager {
public:
    CgroupManager() = default;
    CgroupManager(const CgroupManager&) = delete;
    CgroupManager& operator=(const CgroupManager&) = delete;
    virtual ~CgroupManager() = default;

    [[nodiscard]] virtual const CgroupLocation& location() const = 0;
    /// Makes the directories of the location (parents included, controllers enabled on v2). Refuses a
    /// cgroup that holds processes or is frozen.
    virtual oci::Result<void> create() = 0;
    /// Writes the limits, hands ownership over.
    virtual oci::Result<void> apply(const CgroupPlan& plan) = 0;
    /// Loads and attaches the filter of device accesses (v2; on v1 `apply` wrote the rules). A step of its
    /// own because the kernel takes long to verify a program: init sets itself up meanwhile.
    virtual oci::Result<void> filter_devices(const CgroupPlan& /*plan*/) { return {}; }
    /// Writes resources of a running container (update); restores nothing on failure.
    virtual oci::Result<void> write(const std::vector<CgroupWrite>& writes) = 0;
    /// The writes that would bring back what those files say now.
    [[nodiscard]] virtual oci::Result<std::vector<CgroupWrite>> current(
        const std::vector<CgroupWrite>& writes) = 0;
    /// Puts this device filter in the place of the one that apply attached (v2; on v1 rules are writes). An
    /// empty program allows everything. At no moment is more allowed than by one of the two.
    virtual oci::Result<void> replace_device_filter(const std::vector<BpfInstruction>& program) = 0;
    /// Tells systemd of changed device rules, since it has a filter of its own; elsewhere nobody needs to
    /// know.
    virtual oci::Result<void> tell_of_devices(const std::vector<UnitProperty>& /*properties*/) { return {}; }
    /// A directory fd for CLONE_INTO_CGROUP (v2), or nothing: then add_process is needed.
    [[nodiscard]] virtual std::optional<oci::BorrowedFd> clone_target() const = 0;
    virtual oci::Result<void> add_process(pid_t pid) = 0;
    /// Freezes or thaws and waits until the kernel says so.
    virtual oci::Result<void> freeze() = 0;
    virtual oci::Result<void> thaw() = 0;
    virtual oci::Result<bool> is_frozen() = 0;
    /// Signals every process; SIGKILL by cgroup.kill where there is one. Frozen ones are thawed to die.
    virtual oci::Result<void> signal_all(int signal) = 0;
    /// Every process in the cgroup and below.
    virtual oci::Result<std::vector<pid_t>> processes() = 0;
    /// How many processes the OOM killer ended so far, as far as the kernel tells.
    virtual oci::Result<unsigned long> oom_kills() = 0;
    /// Removes the directories in location().created, sub-cgroups included; waits for the kernel to let go.
    virtual oci::Result<void> remove() = 0;
};

/// The location that a plan will have on this host, before anything is created.
oci::Result<CgroupLocation> locate_cgroup(const CgroupPlan& plan, const CgroupFacts& host);
/// A manager for a planned or recorded location.
oci::Result<std::unique_ptr<CgroupManager>> open_cgroup_manager(const CgroupLocation& location);
/// The location of the cgroup a running process sits in (for exec into a container that moved itself).
oci::Result<CgroupLocation> cgroup_of_process(const CgroupLocation& recorded, pid_t pid);
/// Cgroups below the container's, as exec --cgroup names them: "path", or on v1 "controller,...:path".
oci::Result<CgroupLocation> sub_cgroup(const CgroupLocation& recorded, const std::vector<std::string>& words);

/// Reads how cgroups are mounted here (/proc/self/mountinfo, /proc/self/cgroup), about 0.1 ms.
oci::Result<CgroupFacts> probe_cgroups();

}  // namespace ocirun
