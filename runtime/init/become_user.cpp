#include "runtime/init/become_user.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/credentials.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Result;

namespace {

/// struct sched_attr of the kernel: glibc has none yet, and the kernel's header clashes with <sched.h>.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;
    std::uint64_t deadline;
    std::uint64_t period;
};

std::string limit_text(rlim_t value) {
    return value == RLIM_INFINITY ? "unlimited" : std::to_string(value);
}

oci::Error refused_limit(const PlannedRlimit& limit, const rlimit& wanted, int number) {
    oci::Error error =
        oci::system_failure(number, "process.rlimits: set " + limit.name + " to " +
                                        limit_text(wanted.rlim_cur) + ":" + limit_text(wanted.rlim_max));
    rlimit here{};
    if (number == EPERM && ::getrlimit(static_cast<__rlimit_resource_t>(limit.resource), &here) == 0 &&
        wanted.rlim_max > here.rlim_max) {
        error.text += ": the hard limit here is " + limit_text(here.rlim_max) +
                      ", and CAP_SYS_RESOURCE is needed to raise it";
    }
    return error;
}

Result<void> apply_rlimits(const ProcessPlan& process) {
    for (const PlannedRlimit& limit : process.rlimits) {
        const rlimit values{.rlim_cur = limit.soft, .rlim_max = limit.hard};
        if (::setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &values) != 0) {
            return refused_limit(limit, values, errno);
        }
    }
    return {};
}

Result<void> apply_scheduling(const ProcessPlan& process) {
    if (process.scheduler) {
        const SchedulerPlan& plan = *process.scheduler;
        const SchedulingAttributes attributes{.size = sizeof(SchedulingAttributes),
                                              .policy = plan.policy,
                                              .flags = plan.flags,
                                              .nice = plan.nice,
                                              .priority = plan.priority,
                                              .runtime = plan.runtime,
                                              .deadline = plan.deadline,
                                              .period = plan.period};
        if (::syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) {
            const int number = errno;
            // A deadline is granted to processes that may run on every CPU (sched_setattr(2)).
            const bool bound = number == EPERM && plan.runtime != 0;
            return oci::system_failure(number, bound ? "process.scheduler: process scheduler can't be used "
                                                       "together with AllowedCPUs, or lacks the privilege"
                                                     : "process.scheduler");
        }
    }
    if (process.io_priority) {
        constexpr int this_process = 1;  // IOPRIO_WHO_PROCESS
        if (::syscall(SYS_ioprio_set, this_process, 0, *process.io_priority) != 0) {
            return oci::last_system_failure("process.ioPriority");
        }
    }
    return {};
}

/// Whether AppArmor confines this process: then its label is more than "unconfined".
bool is_confined(BorrowedFd proc) {
    for (const char* path : {"self/attr/apparmor/current", "self/attr/current"}) {
        const auto file = open_proc(proc, path, O_RDONLY);
        if (!file) continue;
        const auto label = oci::read_all(*file, 4096);
        return label && !oci::trim(*label).empty() && oci::trim(*label) != "unconfined";
    }
    return false;
}

Result<void> apply_labels(const ProcessPlan& process, BorrowedFd proc) {
    if (!process.apparmor_profile.empty()) {
        // With no_new_privs a confined process may only add a profile to its own.
        const bool stack = process.no_new_privileges && is_confined(proc);
        const std::string request = (stack ? "stack " : "exec ") + process.apparmor_profile;
        auto written = write_proc(proc, "self/attr/apparmor/exec", request);
        if (!written && written.error().system_errno == ENOENT)
            written = write_proc(proc, "self/attr/exec", request);
        TRY(std::move(written).in("process.apparmorProfile"));
    }
    if (!process.selinux_label.empty()) {
        TRY(write_proc(proc, "self/attr/exec", process.selinux_label).in("process.selinuxLabel"));
    }
    return {};
}

bool is_null_device(const struct stat& status) {
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

/// Pipes, sockets and the terminal that was made for the process. Whatever has a name on the host (a file, a
/// device, the caller's own terminal) keeps its owner.
bool belongs_to_process(int number, const struct stat& status, const ProcessPlan& process) {
    if (S_ISCHR(status.st_mode)) return process.terminal && ::isatty(number) == 1;
    struct statfs filesystem {};
    if (::fstatfs(number, &filesystem) != 0) return false;
    constexpr long pipes = 0x50495045;  // PIPEFS_MAGIC
    return filesystem.f_type == pipes || filesystem.f_type == SOCKFS_MAGIC;
}

/// The null device of the caller is on a mount of the host, where a checkpoint cannot find it: the
/// container's own takes its place. Whatever stands at /dev/null and is none stays unused, and the caller's
/// does as well.
void reopen_null_device(int number) {
    struct stat status {};
    if (::lstat("/dev/null", &status) != 0 || !is_null_device(status)) return;
    const oci::Fd own(::open("/dev/null", O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (own.is_open() && ::fstat(own.get(), &status) == 0 && is_null_device(status))
        ::dup2(own.get(), number);
}

}  // namespace

Result<void> apply_limits(const ProcessPlan& process, BorrowedFd proc) {
    TRY(apply_rlimits(process));
    TRY(apply_scheduling(process));
    TRY(apply_labels(process, proc));
    if (process.no_new_privileges) TRY(kernel::forbid_new_privileges());
    return {};
}

Result<void> own_standard_streams(const ProcessPlan& process) {
    for (int number = 0; number <= 2; ++number) {
        struct stat status {};
        if (::fstat(number, &status) != 0) continue;
        if (is_null_device(status)) reopen_null_device(number);
        if (status.st_uid == process.uid || !belongs_to_process(number, status, process)) continue;
        if (::fchown(number, process.uid, static_cast<gid_t>(-1)) == 0) continue;
        // A read-only or foreign file system cannot be helped; the descriptor itself still works.
        if (errno != EPERM && errno != EINVAL && errno != EROFS && errno != EBADF) {
            return oci::last_system_failure("hand over descriptor " + std::to_string(number));
        }
    }
    return {};
}

Result<bool> enter_working_directory(const ProcessPlan& process) {
    if (::chdir(process.cwd.c_str()) == 0) return true;
    if (errno == EACCES || errno == EPERM) return false;
    return oci::last_system_failure("chdir to cwd (" + oci::quote(process.cwd) +
                                    ") set in config.json failed");
}

Result<void> check_working_directory() {
    // A directory that is not below the root has no path: the kernel says "(unreachable)" (CVE-2024-21626).
    char buffer[PATH_MAX];
    const long length = ::syscall(SYS_getcwd, buffer, sizeof buffer);
    if (length < 0)
        return oci::last_system_failure(
            "current working directory is outside of container mount namespace root");
    if (buffer[0] != '/')
        return oci::failure("current working directory is outside of container mount namespace root");
    return {};
}

Result<void> drop_privileges(const ProcessPlan& process, std::uint64_t last_capability,
                             bool keep_for_filter) {
    const CapabilityPlan& wanted = process.capabilities;
    // runc's order: bounding set and keepcaps as root, then the ids, then the other sets.
    TRY(kernel::limit_bounding_set(wanted.bounding, last_capability));
    TRY(kernel::keep_capabilities(true));
    TRY(kernel::set_group(process.gid).in("process.user.gid"));
    auto groups =
        process.keep_groups ? Result<void>() : kernel::set_additional_groups(process.additional_gids);
    // A user namespace that denies setgroups has no groups to add or drop.
    const bool denied = !groups && groups.error().system_errno == EPERM && process.additional_gids.empty();
    if (!denied) TRY(std::move(groups).in("process.user.additionalGids"));
    TRY(kernel::set_user(process.uid).in("process.user.uid"));
    TRY(kernel::keep_capabilities(false));
    const std::uint64_t extra =
        keep_for_filter ? kernel::permitted_set() & (std::uint64_t{1} << CAP_SYS_ADMIN) : 0;
    TRY(kernel::set_capabilities(wanted.effective | extra, wanted.permitted | extra, wanted.inheritable)
            .in("process.capabilities"));
    std::uint64_t refused = 0;
    return kernel::set_ambient(wanted.ambient, refused);
}

Result<void> set_final_capabilities(const ProcessPlan& process) {
    const CapabilityPlan& wanted = process.capabilities;
    return kernel::set_capabilities(wanted.effective, wanted.permitted, wanted.inheritable);
}

}  // namespace ocirun
