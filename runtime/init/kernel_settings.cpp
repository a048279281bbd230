#include "runtime/init/kernel_settings.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/text.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Result;

namespace {

Result<void> join_one(const JoinedNamespace& joined, BorrowedFd fd) {
    return kernel::join_namespaces(fd, clone_flag(joined.kind))
        .in(joined.origin + ": join " + std::string(spec_name(joined.kind)) + " namespace " + joined.path);
}

/// Node numbers as the bit mask that set_mempolicy(2) takes.
std::vector<unsigned long> node_mask(const std::vector<unsigned>& nodes) {
    constexpr unsigned bits = 8 * sizeof(unsigned long);
    std::vector<unsigned long> mask(1, 0);
    for (const unsigned node : nodes) {
        if (node / bits >= mask.size()) mask.resize(node / bits + 1, 0);
        mask[node / bits] |= 1UL << (node % bits);
    }
    return mask;
}

Result<void> apply_memory_policy(const ContainerPlan& plan) {
    if (!plan.memory_policy) return {};
    const auto& [mode, nodes] = *plan.memory_policy;
    const std::vector<unsigned long> mask = node_mask(nodes);
    const unsigned long* nodes_pointer = nodes.empty() ? nullptr : mask.data();
    const unsigned long bits = nodes.empty() ? 0 : mask.size() * 8 * sizeof(unsigned long) + 1;
    if (::syscall(SYS_set_mempolicy, mode, nodes_pointer, bits) != 0)
        return oci::last_system_failure("linux.memoryPolicy: set_mempolicy");
    return {};
}

}  // namespace

Result<void> join_listed_namespaces(const InitRequest& request) {
    const auto& joined = request.plan->namespaces.joined;
    for (std::size_t i = 0; i < joined.size(); ++i) {
        // The host process stood in the pid namespace when it cloned: init was born there.
        if (joined[i].kind == NamespaceKind::pid) continue;
        TRY(join_one(joined[i], request.joined_namespaces[i]));
    }
    return {};
}

Result<void> enter_before_init(InitRequest& request) {
    TRY(kernel::set_dumpable(false));
    if (request.wait_for_proceed) TRY(request.context.channel.expect(Tag::proceed));
    request.wait_for_proceed = request.plan->namespaces.creates(NamespaceKind::user);
    const auto& joined = request.plan->namespaces.joined;
    std::vector<std::size_t> later;
    const bool joins_user = request.plan->namespaces.joins(NamespaceKind::user);
    for (std::size_t i = 0; i < joined.size(); ++i) {
        if (joined[i].kind == NamespaceKind::user) continue;
        auto done = join_one(joined[i], request.joined_namespaces[i]);
        if (done) continue;
        // Owned by the user namespace that comes next: only its root may join.
        if (!joins_user || done.error().system_errno != EPERM) return done;
        later.push_back(i);
    }
    if (!joins_user) return {};
    for (std::size_t i = 0; i < joined.size(); ++i) {
        if (joined[i].kind == NamespaceKind::user) TRY(join_one(joined[i], request.joined_namespaces[i]));
    }
    TRY(become_namespace_root(request.plan->process && request.plan->process->keep_groups));
    for (const std::size_t i : later) TRY(join_one(joined[i], request.joined_namespaces[i]));
    return {};
}

Result<void> bring_loopback_up() {
    const oci::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return oci::last_system_failure("loopback: socket");
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
        return oci::last_system_failure("bring the loopback device up");
    return {};
}

Result<void> become_namespace_root(bool keep_groups, bool dumpable) {
    // Supplementary groups of the host's root mean nothing here; a map that denies setgroups keeps them.
    auto groups = keep_groups ? Result<void>() : kernel::set_additional_groups({});
    if (!groups && groups.error().system_errno != EPERM) return groups;
    TRY(kernel::set_group(0));
    TRY(kernel::set_user(0));
    return kernel::set_dumpable(dumpable);
}

Result<void> apply_kernel_settings(const ContainerPlan& plan, BorrowedFd proc) {
    if (!plan.hostname.empty() && ::sethostname(plan.hostname.c_str(), plan.hostname.size()) != 0) {
        return oci::last_system_failure("hostname: set to " + oci::quote(plan.hostname));
    }
    if (!plan.domainname.empty() && ::setdomainname(plan.domainname.c_str(), plan.domainname.size()) != 0) {
        return oci::last_system_failure("domainname: set to " + oci::quote(plan.domainname));
    }
    for (const Sysctl& sysctl : plan.sysctls)
        TRY(write_proc(proc, "sys/" + sysctl.file, sysctl.value).in(sysctl.origin));
    if (plan.personality && ::personality(*plan.personality) < 0)
        return oci::last_system_failure("linux.personality");
    return apply_memory_policy(plan);
}

void join_own_keyring(const std::string& container_id) {
    // ENOSYS, EPERM under a filter, EDQUOT: none of them keeps a container from running.
    static_cast<void>(kernel::join_session_keyring("_ses." + container_id).has_value());
}

}  // namespace ocirun
