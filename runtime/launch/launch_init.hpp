#pragma once
// Starts a container's first process and answers it until it is ready. Runs in the host process.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/init/init_request.hpp"
#include "runtime/launch/net_devices.hpp"
#include "runtime/plan/container_plan.hpp"
#include "runtime/protocol/channel.hpp"

namespace ocirun {

struct LaunchOptions {
    const ContainerPlan* plan = nullptr;
    CgroupManager* cgroup = nullptr;
    MovedDevices* devices = nullptr;  // the container's network devices, once they have moved
    oci::Fd start_socket;             // listening; closed for `run`
    oci::Fd console_socket;           // connected; closed without a terminal
    PassedDescriptors passed;
    std::vector<int> close_in_child;  // the state directory and its lock
};

/// A started init. Dropping it without release() kills and reaps it.
class LaunchedInit {
public:
    LaunchedInit(pid_t pid, oci::Fd pidfd, Channel channel)
        : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)) {}
    ~LaunchedInit();
    LaunchedInit(const LaunchedInit&) = delete;
    LaunchedInit& operator=(const LaunchedInit&) = delete;
    LaunchedInit(LaunchedInit&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)),
          pidfd_(std::move(other.pidfd_)),
          channel_(std::move(other.channel_)) {}
    LaunchedInit& operator=(LaunchedInit&&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] oci::BorrowedFd pidfd() const { return pidfd_; }
    [[nodiscard]] Channel& channel() { return channel_; }
    /// The process lives on without this value.
    pid_t release() { return std::exchange(pid_, -1); }

private:
    friend oci::Result<void> serve_init(LaunchedInit& init, const LaunchOptions& options);
    pid_t pid_;
    oci::Fd pidfd_;
    Channel channel_;
    bool intermediate_pending_ = false;
    friend oci::Result<LaunchedInit> launch_init(LaunchOptions& options);
};

/// Clones init (or the process before it) into the cgroup and the new namespaces.
oci::Result<LaunchedInit> launch_init(LaunchOptions& options);

/// Answers init's requests (id maps, network devices, hooks) until it is ready. The error is init's own when
/// it fails.
oci::Result<void> serve_init(LaunchedInit& init, const LaunchOptions& options);

/// Tells init to go on and waits until execve has succeeded or failed.
oci::Result<void> start_launched(LaunchedInit& init);

/// Why a process has gone without a word: its exit status, or the OOM killer.
oci::Error explain_silence(pid_t pid, CgroupManager* cgroup, const std::string& what);

}  // namespace ocirun
