#include "runtime/launch/launch_init.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_stats.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/hooks/run_hooks.hpp"
#include "runtime/init/init_process.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/kernel/mount_api.hpp"
#include "runtime/launch/id_mapper.hpp"
#include "runtime/launch/oom_score.hpp"
#include "runtime/launch/open_mount_sources.hpp"
#include "runtime/protocol/phase_trace.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Error;
using oci::Fd;
using oci::Result;

namespace {

Result<std::vector<Fd>> open_joined_namespaces(const NamespacePlan& plan) {
    std::vector<Fd> opened;
    for (const JoinedNamespace& joined : plan.joined) {
        opened.push_back(TRY(oci::open_file(joined.path, O_RDONLY).in(joined.origin)));
    }
    return opened;
}

std::string kernel_setting(const char* path) {
    const auto value = oci::read_kernel_file(path);
    return value ? std::string(oci::trim(*value)) : std::string();
}

/// A user namespace is what machines forbid; the kernel's errno does not say which setting it was.
std::string why_no_user_namespace(int number) {
    if (number == ENOSPC) {
        return ": user.max_user_namespaces is " + kernel_setting("/proc/sys/user/max_user_namespaces") +
               ", so that no further user namespace may be made";
    }
    if (number != EPERM) return {};
    if (kernel_setting("/proc/sys/kernel/unprivileged_userns_clone") == "0")
        return ": kernel.unprivileged_userns_clone is 0, so that only root may make user namespaces";
    if (kernel_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
        return ": kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor lets only root and programs "
               "with a profile for it make user namespaces";
    return {};
}

Result<kernel::ClonedProcess> clone_init(const kernel::CloneRequest& request) {
    auto cloned = kernel::clone_process(request).in("start the container's first process");
    if (!cloned && (request.flags & CLONE_NEWUSER) != 0) {
        Error error = cloned.error();
        error.text += why_no_user_namespace(error.system_errno);
        return error;
    }
    return cloned;
}

/// Namespaces that only children enter (pid joined, time with offsets): entered around the clone, left
/// again afterwards, so that hooks and later children of this process are the host's.
class AroundClone {
public:
    Result<void> enter(const NamespacePlan& plan, const std::vector<Fd>& joined, BorrowedFd proc) {
        for (std::size_t i = 0; i < plan.joined.size(); ++i) {
            if (plan.joined[i].kind != NamespaceKind::pid || plan.needs_intermediate) continue;
            old_pid_ = TRY(oci::open_file("/proc/self/ns/pid", O_RDONLY));
            TRY(kernel::join_namespaces(joined[i], CLONE_NEWPID)
                    .in(plan.joined[i].origin + ": join pid namespace " + plan.joined[i].path));
        }
        if (plan.time_offsets.empty() || !plan.creates(NamespaceKind::time)) return {};
        old_time_ = TRY(oci::open_file("/proc/self/ns/time", O_RDONLY));
        TRY(kernel::unshare_namespaces(CLONE_NEWTIME).in("linux.namespaces: time"));
        std::string text;
        for (const TimeOffset& offset : plan.time_offsets) {
            text += offset.clock + " " + std::to_string(offset.seconds) + " " +
                    std::to_string(offset.nanoseconds) + "\n";
        }
        return write_proc(proc, "self/timens_offsets", text).in("linux.timeOffsets");
    }

    ~AroundClone() {
        if (old_pid_.is_open()) ::setns(old_pid_.get(), CLONE_NEWPID);
        if (old_time_.is_open()) ::setns(old_time_.get(), CLONE_NEWTIME);
    }
    AroundClone() = default;
    AroundClone(const AroundClone&) = delete;
    AroundClone& operator=(const AroundClone&) = delete;

    /// The new time namespace is entered by being a child: the clone need not make one.
    [[nodiscard]] std::uint64_t remaining_flags(std::uint64_t flags) const {
        return old_time_.is_open() ? flags & ~static_cast<std::uint64_t>(CLONE_NEWTIME) : flags;
    }

private:
    Fd old_pid_;
    Fd old_time_;
};

Result<void> move_devices(const LaunchOptions& options, pid_t init) {
    if (options.plan->net_devices.empty() || options.devices == nullptr) return {};
    const Fd space = TRY(oci::open_file("/proc/" + std::to_string(init) + "/ns/net", O_RDONLY));
    return options.devices->move(options.plan->net_devices, space);
}

Result<void> admit(LaunchedInit& init, CgroupManager& cgroup, bool by_write, bool proceed) {
    if (by_write) TRY(cgroup.add_process(init.pid()));
    if (proceed) TRY(init.channel().send(Tag::proceed));
    return {};
}

}  // namespace

LaunchedInit::~LaunchedInit() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Result<LaunchedInit> launch_init(LaunchOptions& options) {
    const ContainerPlan& plan = *options.plan;
    auto [ours, theirs] = TRY(Channel::make_pair());
    InitRequest request;
    request.plan = &plan;
    request.context.channel = std::move(theirs);
    request.context.proc = TRY(open_trusted_proc());
    request.context.console_socket = std::move(options.console_socket);
    request.context.passed = options.passed;
    request.close_first = options.close_in_child;
    request.context.container_id = plan.id;
    request.context.new_keyring = plan.new_keyring;
    request.start_socket = std::move(options.start_socket);
    request.joined_namespaces = TRY(open_joined_namespaces(plan.namespaces));
    // An ordinary user may copy no mounts here; then init opens the sources as that same user.
    const bool may_copy = (kernel::permitted_set() >> CAP_SYS_ADMIN & 1U) != 0;
    TRY(open_mount_sources(plan, request.context.proc, plan.namespaces.has(NamespaceKind::user) && may_copy,
                           request));

    phase_done("open what init needs");
    const std::optional<BorrowedFd> cgroup_fd = options.cgroup->clone_target();
    const bool has_cgroup = options.cgroup->location().version != CgroupVersion::none;
    const bool new_user = plan.namespaces.creates(NamespaceKind::user);
    const bool intermediate = plan.namespaces.needs_intermediate;
    OomScore score = TRY(OomScore::take(plan.process ? &*plan.process : nullptr, request.context.proc));
    AroundClone around;
    TRY(around.enter(plan.namespaces, request.joined_namespaces, request.context.proc));
    const std::uint64_t flags = intermediate ? 0 : around.remaining_flags(plan.namespaces.clone_flags());
    auto cloned = TRY(clone_init({.flags = flags, .into_cgroup = cgroup_fd}));
    const bool by_write = has_cgroup && !cloned.in_cgroup;
    if (cloned.pid == 0) {
        enter_lane(intermediate ? Lane::intermediate : Lane::init);
        ours.close();
        request.wait_for_proceed = by_write || (new_user && !intermediate);
        if (intermediate) run_intermediate(request);
        run_init(request);
    }
    score.give_back();
    LaunchedInit init(cloned.pid, std::move(cloned.pidfd), std::move(ours));
    init.intermediate_pending_ = intermediate;
    TRY(admit(init, *options.cgroup, by_write, by_write && (intermediate || !new_user)));
    return init;
}

Result<void> serve_init(LaunchedInit& init, const LaunchOptions& options) {
    const ContainerPlan& plan = *options.plan;
    const Fd proc = TRY(open_trusted_proc());
    bool maps_wanted = false;
    Message message;
    for (;;) {
        if (!TRY(init.channel_.receive(message))) {
            const pid_t pid = init.release();
            return explain_silence(pid, options.cgroup, "container init");
        }
        switch (message.tag) {
            case Tag::need_id_maps:
                maps_wanted = true;
                break;
            case Tag::init_cloned: {
                const pid_t first = std::exchange(init.pid_, message.pid);
                init.pidfd_ = TRY(oci::open_pidfd(init.pid_));
                while (::waitpid(first, nullptr, 0) < 0 && errno == EINTR) {
                }
                init.intermediate_pending_ = false;
                break;
            }
            case Tag::run_hooks: {
                TRY(move_devices(options, init.pid_));
                const std::string state = hook_state_json(plan, "creating", init.pid_);
                TRY(run_hooks(plan.hooks.prestart, state, plan.bundle));
                TRY(run_hooks(plan.hooks.create_runtime, state, plan.bundle));
                TRY(init.channel_.send(Tag::proceed));
                break;
            }
            case Tag::ready:
                return {};
            case Tag::failed:
                return error_of(message);
            case Tag::proceed:
            case Tag::start:
                return oci::failure("container init sent a message out of order");
        }
        // Both come from different processes after a clone: whichever is first waits for the other.
        if (maps_wanted && !init.intermediate_pending_) {
            maps_wanted = false;
            TRY(write_id_maps(proc, init.pid_, plan.id_maps));
            TRY(init.channel_.send(Tag::proceed));
        }
    }
}

Result<void> start_launched(LaunchedInit& init) {
    TRY(init.channel().send(Tag::start));
    Message message;
    if (!TRY(init.channel().receive(message))) {
        phase_done_in(Lane::init, "filter of system calls, execve");
        return {};
    }
    if (message.tag == Tag::failed) return error_of(message);
    return oci::failure("container init sent a message out of order");
}

namespace {

Error out_of_memory(const std::string& what, CgroupManager& cgroup) {
    std::string text = what + " was OOM-killed (memory limit too low?)";
    const auto stats = read_cgroup_stats(cgroup.location());
    if (stats && stats->memory.usage.limit > 0 && stats->memory.usage.limit != unlimited)
        text += ": linux.resources.memory.limit is " + std::to_string(stats->memory.usage.limit) + " bytes";
    return oci::failure(std::move(text));
}

}  // namespace

Error explain_silence(pid_t pid, CgroupManager* cgroup, const std::string& what) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return oci::failure(what + " has gone");
    }
    const oci::ExitStatus exit = oci::exit_status_from_wait(status);
    if (exit.signal == SIGKILL && cgroup != nullptr) {
        const auto kills = cgroup->oom_kills();
        if (kills && *kills > 0) return out_of_memory(what, *cgroup);
    }
    return oci::failure(what + " ended before it was ready: " + exit.describe());
}

}  // namespace ocirun
