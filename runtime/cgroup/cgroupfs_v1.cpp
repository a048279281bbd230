#include "runtime/cgroup/cgroupfs_v1.hpp"

#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/cgroup/freezer_v1.hpp"
#include "runtime/cgroup/join_cgroup.hpp"
#include "runtime/cgroup/kill_cgroup.hpp"

namespace ocirun {
namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::Fd;
using oci::Result;

bool lists(const std::string& controllers, const std::string& controller) {
    const std::vector<std::string> names = oci::split(controllers, ',');
    return std::find(names.begin(), names.end(), controller) != names.end();
}

/// A new cpuset is empty, and nothing can enter it before it has CPUs and memory nodes.
Result<void> fill_cpuset(const std::string& parent, const std::string& child) {
    const Fd from = TRY(open_cgroup(parent));
    const Fd to = TRY(open_cgroup(child));
    for (const std::string file : {"cpuset.cpus", "cpuset.mems"}) {
        const std::string current = TRY(oci::read_file(to, file, 64UL * 1024));
        if (!oci::trim(current).empty()) continue;
        const std::string inherited = TRY(oci::read_file(from, file, 64UL * 1024));
        TRY(oci::write_kernel_file(to, file, oci::trim(inherited)).in(child));
    }
    return {};
}

Result<void> refuse_used(const std::string& directory) {
    const std::vector<pid_t> processes = TRY(read_processes_below(directory));
    if (processes.empty()) return {};
    return oci::failure(ErrorCode::wrong_state, "container's cgroup is not empty: " + directory + " holds " +
                                                    std::to_string(processes.size()) +
                                                    (processes.size() == 1 ? " process" : " processes"));
}

}  // namespace

std::string CgroupfsV1::directory_of(const std::string& controller) const {
    for (const auto& [controllers, directory] : location_.directories)
        if (lists(controllers, controller)) return directory;
    return "";
}

Result<void> CgroupfsV1::create_directory(const std::string& controllers, const std::string& directory) {
    const std::string root = TRY(find_tree_root(directory));
    std::string parent = root;
    bool made = false;
    for (const std::string& step : steps_between(root, directory)) {
        TRY(make_cgroup(step, made));
        if (made) location_.created.push_back(step);
        if (lists(controllers, "cpuset")) TRY(fill_cpuset(parent, step));
        parent = step;
    }
    if (!made) TRY(refuse_used(directory));
    return {};
}

Result<void> CgroupfsV1::create() {
    // From here on only what this call makes is ours, whatever was missing when it was planned.
    location_.created.clear();
    for (const auto& [controllers, directory] : location_.directories) {
        auto done = create_directory(controllers, directory);
        // A parent may vanish when the last container in it is deleted.
        for (int attempt = 0; !done && done.error().system_errno == ENOENT && attempt < 10; ++attempt)
            done = create_directory(controllers, directory);
        if (!done && controllers.empty()) continue;
        TRY(std::move(done));
    }
    // The unified tree of a hybrid host holds no limits: who may not write there goes without.
    const auto unified = location_.directories.find("");
    if (unified != location_.directories.end() && !open_cgroup(unified->second))
        location_.directories.erase(unified);
    if (TRY(is_frozen()))
        return oci::failure(ErrorCode::wrong_state, "container's cgroup unexpectedly frozen: thaw " +
                                                        directory_of("freezer") + " first");
    return {};
}

Result<void> CgroupfsV1::apply(const CgroupPlan& plan) {
    return write(plan.writes);
}

Result<ResourceTarget> CgroupfsV1::target_of(const std::vector<CgroupWrite>& writes) {
    for (const CgroupWrite& write : writes) {
        const std::string directory = directory_of(write.controller);
        if (!directory.empty() && open_.count(directory) == 0)
            open_.emplace(directory, TRY(open_cgroup(directory)));
    }
    return ResourceTarget{
        .directory_of =
            [this](const std::string& controller) {
                const std::string directory = directory_of(controller);
                const auto found = open_.find(directory);
                return OpenCgroup{.fd = found == open_.end() ? BorrowedFd() : found->second.borrow(),
                                  .path = directory};
            },
        .explain_missing =
            [this](const CgroupWrite& write) {
                const std::string directory = directory_of(write.controller);
                if (directory.empty())
                    return "no cgroup v1 hierarchy with the " + write.controller + " controller is mounted";
                return "this kernel has no file " + write.file + " in " + directory;
            },
    };
}

Result<void> CgroupfsV1::write(const std::vector<CgroupWrite>& writes) {
    return write_resources(writes, TRY(target_of(writes)));
}

Result<std::vector<CgroupWrite>> CgroupfsV1::current(const std::vector<CgroupWrite>& writes) {
    return read_resources(writes, TRY(target_of(writes)));
}

Result<void> CgroupfsV1::replace_device_filter(const std::vector<BpfInstruction>&) {
    return oci::failure(ErrorCode::unsupported, "cgroup v1 has device rules, no device filter");
}

Result<void> CgroupfsV1::add_process(pid_t pid) {
    for (const auto& [controllers, directory] : location_.directories) {
        auto joined = join_cgroup(directory, pid);
        // A cgroup of the unified tree that hands controllers to its children takes no process.
        if (!joined && !controllers.empty()) return joined;
    }
    return {};
}

Result<Fd> CgroupfsV1::open_freezer() const {
    const std::string directory = directory_of("freezer");
    if (directory.empty())
        return oci::failure(ErrorCode::unsupported,
                            "no cgroup v1 hierarchy with the freezer controller is mounted");
    return open_cgroup(directory);
}

Result<void> CgroupfsV1::freeze() {
    return freeze_v1(TRY(open_freezer()), Deadline(cgroup_patience));
}

Result<void> CgroupfsV1::thaw() {
    return thaw_v1(TRY(open_freezer()), Deadline(cgroup_patience));
}

Result<bool> CgroupfsV1::is_frozen() {
    const auto freezer = open_freezer();
    if (freezer) return is_frozen_v1(*freezer);
    // No freezer, or no cgroup any more: nothing is frozen.
    if (directory_of("freezer").empty() || freezer.error().system_errno == ENOENT) return false;
    return freezer.error();
}

Result<void> CgroupfsV1::signal_all(int signal) {
    if (signal != SIGKILL) return signal_processes(TRY(processes()), signal);
    return kill_while_frozen({
        .list = [this] { return processes(); },
        .freeze = [this]() -> Result<void> {
            return freeze_v1(TRY(open_freezer()), Deadline(std::chrono::milliseconds{500}));
        },
        .thaw = [this]() -> Result<void> {
            const auto freezer = open_freezer();
            if (!freezer) return {};
            return visit_cgroups(*freezer, [](BorrowedFd cgroup) -> Result<void> {
                // One that is gone by now needs no thawing.
                (void)oci::write_kernel_file(cgroup, "freezer.state", "THAWED");
                return {};
            });
        },
    });
}

Result<std::vector<pid_t>> CgroupfsV1::processes() {
    // A process may have been moved in one tree only, so every tree is asked.
    std::vector<pid_t> all;
    for (const auto& [controllers, directory] : location_.directories) {
        const std::vector<pid_t> here = TRY(read_processes_below(directory));
        all.insert(all.end(), here.begin(), here.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

Result<unsigned long> CgroupfsV1::oom_kills() {
    const std::string directory = directory_of("memory");
    if (directory.empty()) return 0UL;
    const auto cgroup = open_cgroup(directory);
    if (!cgroup) return 0UL;
    const auto values = read_keyed(*cgroup, "memory.oom_control");
    if (!values) return 0UL;
    const auto kills = values->find("oom_kill");
    return kills == values->end() ? 0UL : kills->second;
}

Result<void> CgroupfsV1::remove() {
    std::vector<std::string> leaves;
    for (const auto& [controllers, directory] : location_.directories) leaves.push_back(directory);
    open_.clear();
    return remove_recorded(location_.created, leaves);
}

}  // namespace ocirun
