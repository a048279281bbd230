#include "runtime/cgroup/kill_cgroup.hpp"

#include <signal.h>

#include <algorithm>
#include <set>

#include "runtime/cgroup/cgroup_directory.hpp"

namespace ocirun {
namespace {

using oci::Result;

Result<void> kill_until_quiet(const KillTarget& target) {
    std::set<pid_t> killed;
    const Deadline deadline(cgroup_patience);
    while (!deadline.passed()) {
        std::vector<pid_t> fresh = TRY(target.list());
        std::erase_if(fresh, [&](pid_t pid) { return killed.count(pid) != 0; });
        if (fresh.empty()) return {};
        TRY(signal_processes(fresh, SIGKILL));
        killed.insert(fresh.begin(), fresh.end());
    }
    return oci::failure("kill the container: its processes fork faster than they can be killed");
}

}  // namespace

Result<void> kill_while_frozen(const KillTarget& target) {
    if (TRY(target.list()).empty()) return {};
    // A failure to freeze is no reason not to kill.
    (void)target.freeze();
    auto killed = kill_until_quiet(target);
    TRY(target.thaw());
    return killed;
}

}  // namespace ocirun
