#include "runtime/kernel/credentials.hpp"

#include <grp.h>
#include <linux/keyctl.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace ocirun::kernel {

using oci::last_system_failure;
using oci::Result;

Result<void> set_user(std::uint32_t uid) {
    if (::syscall(SYS_setresuid, uid, uid, uid) != 0)
        return last_system_failure("set user id " + std::to_string(uid));
    return {};
}

Result<void> set_group(std::uint32_t gid) {
    if (::syscall(SYS_setresgid, gid, gid, gid) != 0)
        return last_system_failure("set group id " + std::to_string(gid));
    return {};
}

Result<void> set_additional_groups(const std::vector<std::uint32_t>& gids) {
    if (::syscall(SYS_setgroups, gids.size(), gids.data()) != 0)
        return last_system_failure("set additional groups");
    return {};
}

Result<void> keep_capabilities(bool keep) {
    if (::prctl(PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) != 0) return last_system_failure("keep capabilities");
    return {};
}

BoundingSet bounding_set() {
    // A call for each costs less than one read of /proc/self/status, which formats everything else too.
    BoundingSet set;
    for (unsigned capability = 0; capability < 64; ++capability) {
        const int present = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (present < 0) break;
        set.last = capability;
        if (present == 1) set.mask |= std::uint64_t{1} << capability;
    }
    return set;
}

Result<void> limit_bounding_set(std::uint64_t keep, std::uint64_t last_capability) {
    for (std::uint64_t capability = 0; capability <= last_capability; ++capability) {
        if ((keep >> capability & 1U) != 0) continue;
        if (cap_drop_bound(static_cast<cap_value_t>(capability)) != 0) {
            return last_system_failure("drop capability " + std::to_string(capability) +
                                       " from the bounding set");
        }
    }
    return {};
}

Result<void> set_capabilities(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> data{};
    for (unsigned half = 0; half < 2; ++half) {
        data[half].effective = static_cast<__u32>(effective >> (32U * half));
        data[half].permitted = static_cast<__u32>(permitted >> (32U * half));
        data[half].inheritable = static_cast<__u32>(inheritable >> (32U * half));
    }
    if (::syscall(SYS_capset, &header, data.data()) != 0) return last_system_failure("set capabilities");
    return {};
}

std::uint64_t permitted_set() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0) return 0;
    return data[0].permitted | (std::uint64_t{data[1].permitted} << 32U);
}

Result<void> set_ambient(std::uint64_t ambient, std::uint64_t& refused) {
    // Not cap_reset_ambient: it looks at each capability before it clears them all.
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        return last_system_failure("clear ambient capabilities");
    refused = 0;
    for (unsigned capability = 0; capability < 64; ++capability) {
        if ((ambient >> capability & 1U) == 0) continue;
        if (cap_set_ambient(static_cast<cap_value_t>(capability), CAP_SET) != 0)
            refused |= std::uint64_t{1} << capability;
    }
    return {};
}

Result<void> forbid_new_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return last_system_failure("set no_new_privs");
    return {};
}

Result<void> set_dumpable(bool dumpable) {
    if (::prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0) != 0) return last_system_failure("set dumpable");
    return {};
}

Result<void> become_subreaper() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return last_system_failure("become subreaper");
    return {};
}

Result<void> reset_signals() {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return last_system_failure("reset the signal mask");
    return {};
}

void use_every_cpu() {
    // More bits than any kernel has; it takes those it knows, cut to the cpuset.
    constexpr std::size_t bytes = 1024;
    std::array<std::uint8_t, bytes> all{};
    all.fill(0xff);
    // Where a policy forbids it, the process stays where the caller was.
    static_cast<void>(::syscall(SYS_sched_setaffinity, 0, all.size(), all.data()));
}

Result<void> join_session_keyring(const std::string& name) {
    const long keyring = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.c_str());
    if (keyring < 0) return last_system_failure("join session keyring " + name);
    // Its owner's other processes may search it, as runc has it: all but that is the kernel's default.
    constexpr unsigned long possessor_all = 0x3f000000;
    constexpr unsigned long user_view_read_search_link = 0x001b0000;
    if (::syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, possessor_all | user_view_read_search_link) != 0)
        return last_system_failure("permissions of session keyring " + name);
    return {};
}

}  // namespace ocirun::kernel
