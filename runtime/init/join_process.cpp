#include "runtime/init/join_process.hpp"

#include <fcntl.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/plan/namespace_plan.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

Result<void> join_one_by_one(const RunningProcess& target, std::uint64_t flags) {
    // The user namespace first: in it the others can be entered without the host's privileges.
    constexpr NamespaceKind order[] = {NamespaceKind::user, NamespaceKind::cgroup,  NamespaceKind::ipc,
                                       NamespaceKind::uts,  NamespaceKind::network, NamespaceKind::pid,
                                       NamespaceKind::time, NamespaceKind::mount};
    // All are opened before the first is entered: afterwards /proc may show other processes.
    std::vector<std::pair<std::uint64_t, Fd>> opened;
    for (const NamespaceKind kind : order) {
        if ((flags & clone_flag(kind)) == 0) continue;
        const std::string path = std::to_string(target.pid) + "/ns/" + std::string(proc_name(kind));
        opened.emplace_back(clone_flag(kind), TRY(oci::open_at(target.proc, path, O_RDONLY).in("/proc")));
    }
    for (const auto& [flag, space] : opened) TRY(kernel::join_namespaces(space, flag));
    return {};
}

}  // namespace

Result<void> join_namespaces_of(const RunningProcess& target, std::uint64_t flags) {
    if (target.pidfd.is_open()) {
        auto joined = kernel::join_namespaces(target.pidfd, flags);
        if (joined || joined.error().system_errno != EINVAL) return joined;
    }
    return join_one_by_one(target, flags);
}

}  // namespace ocirun
