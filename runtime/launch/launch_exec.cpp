#include "runtime/launch/launch_exec.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "base/process.hpp"
#include "runtime/init/init_process.hpp"
#include "runtime/init/join_process.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/launch/oom_score.hpp"
#include "runtime/plan/namespace_plan.hpp"
#include "runtime/protocol/phase_trace.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

/// The namespaces in which the container's init differs from this process.
Result<std::uint64_t> differing_namespaces(pid_t pid) {
    constexpr NamespaceKind kinds[] = {NamespaceKind::user,    NamespaceKind::mount, NamespaceKind::pid,
                                       NamespaceKind::network, NamespaceKind::ipc,   NamespaceKind::uts,
                                       NamespaceKind::cgroup,  NamespaceKind::time};
    std::uint64_t flags = 0;
    for (const NamespaceKind kind : kinds) {
        const std::string name(proc_name(kind));
        struct stat ours {};
        struct stat theirs {};
        if (::stat(("/proc/self/ns/" + name).c_str(), &ours) != 0) continue;  // a kernel without this kind
        const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + name;
        if (::stat(path.c_str(), &theirs) != 0) return oci::last_system_failure(path);
        if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev) flags |= clone_flag(kind);
    }
    return flags;
}

/// Without privilege here the container's user namespace is entered first, by a process in between.
bool needs_intermediate(std::uint64_t namespaces) {
    const bool privileged = (kernel::permitted_set() >> CAP_SYS_ADMIN & 1U) != 0;
    return (namespaces & CLONE_NEWUSER) != 0 && (namespaces & CLONE_NEWPID) != 0 && !privileged;
}

/// The process that the one in between has cloned; that one is reaped.
Result<LaunchedInit> take_over(kernel::ClonedProcess first, Channel channel) {
    const oci::ChildProcess intermediate(first.pid, std::move(first.pidfd));
    Message message;
    if (!TRY(channel.receive(message))) return oci::failure("the process before the new one has gone");
    if (message.tag == Tag::failed) return error_of(message);
    if (message.tag != Tag::init_cloned) return oci::failure("the process sent a message out of order");
    return LaunchedInit(message.pid, TRY(oci::open_pidfd(message.pid)), std::move(channel));
}

/// Clones the process, in the container's pid namespace and cgroup.
Result<LaunchedInit> start(ExecRequest& request, Channel ours, std::uint64_t namespaces,
                           CgroupManager& cgroup) {
    const bool intermediate = needs_intermediate(namespaces);
    Fd own_pid_namespace;
    if ((namespaces & CLONE_NEWPID) != 0 && !intermediate) {
        own_pid_namespace = TRY(oci::open_file("/proc/self/ns/pid", O_RDONLY));
        TRY(join_namespaces_of({request.container_pidfd, request.context.proc, request.container_pid},
                               CLONE_NEWPID)
                .in("join the container's pid namespace"));
    }
    auto attempt = kernel::clone_process({.into_cgroup = cgroup.clone_target()});
    // "No internal processes": a cgroup that hands controllers to its children takes none itself.
    if (!attempt && attempt.error().system_errno == EBUSY)
        return attempt.error().in("error adding pid of the new process to cgroups");
    auto cloned = TRY(std::move(attempt).in("start a process in the container"));
    const bool by_write = !cloned.in_cgroup && cgroup.location().version != CgroupVersion::none;
    // The process in between tells its child's pid; the child says nothing before that has arrived.
    const bool proceed = by_write || intermediate;
    if (cloned.pid == 0) {
        enter_lane(intermediate ? Lane::intermediate : Lane::init);
        ours.close();
        request.wait_for_proceed = proceed;
        if (intermediate) run_exec_intermediate(request);
        run_exec(request);
    }
    // Back, as far as one may: root of a user namespace has no right to the pid namespace of the machine.
    // This process starts no other one.
    if (own_pid_namespace.is_open()) {
        const auto back = kernel::join_namespaces(own_pid_namespace, CLONE_NEWPID);
        if (!back && back.error().system_errno != EPERM) return back.error();
    }
    request.context.channel.close();
    LaunchedInit process = intermediate ? TRY(take_over(std::move(cloned), std::move(ours)))
                                        : LaunchedInit(cloned.pid, std::move(cloned.pidfd), std::move(ours));
    if (by_write) TRY(cgroup.add_process(process.pid()));
    if (proceed) TRY(process.channel().send(Tag::proceed));
    return process;
}

Result<void> wait_until_ready(LaunchedInit& process, const ExecOptions& options) {
    Message message;
    if (!TRY(process.channel().receive(message)))
        return explain_silence(process.release(), options.cgroup, "the process");
    if (message.tag == Tag::failed) return error_of(message);
    if (message.tag != Tag::ready) return oci::failure("the process sent a message out of order");
    return {};
}

}  // namespace

bool in_other_user_namespace(pid_t pid) {
    struct stat ours {};
    struct stat theirs {};
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
    return ::stat("/proc/self/ns/user", &ours) == 0 && ::stat(path.c_str(), &theirs) == 0 &&
           ours.st_ino != theirs.st_ino;
}

Result<LaunchedInit> launch_exec(ExecOptions& options) {
    auto [ours, theirs] = TRY(Channel::make_pair());
    ExecRequest request;
    request.process = options.process;
    request.seccomp = options.seccomp;
    request.context.channel = std::move(theirs);
    request.context.proc = TRY(open_trusted_proc());
    request.context.console_socket = std::move(options.console_socket);
    request.context.passed = options.passed;
    request.context.container_id = options.container_id;
    request.context.listener_state = options.listener_state;
    request.last_capability = options.last_capability;
    request.container_pidfd = TRY(oci::open_pidfd(options.container_pid));
    request.container_pid = options.container_pid;
    const std::uint64_t namespaces = TRY(differing_namespaces(options.container_pid));
    request.namespaces = namespaces & ~static_cast<std::uint64_t>(CLONE_NEWPID);
    request.user_namespace = (namespaces & CLONE_NEWUSER) != 0;

    OomScore score = TRY(OomScore::take(request.process, request.context.proc));
    // This process may not be attached to while it holds descriptors of both sides (CVE-2016-9962).
    TRY(kernel::set_dumpable(false));
    LaunchedInit process = TRY(start(request, std::move(ours), namespaces, *options.cgroup));
    score.give_back();
    TRY(wait_until_ready(process, options));
    return process;
}

}  // namespace ocirun
