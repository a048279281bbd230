#pragma once
// What create, run and restore have in common: a container on its way, and how it is undone. Host process.

#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/container/bundle.hpp"
#include "runtime/container/container.hpp"
#include "runtime/container/create_container.hpp"
#include "runtime/launch/foreground.hpp"
#include "runtime/launch/net_devices.hpp"

namespace ocirun {

/// Undoes what was done, last first, unless it is dismissed. Works in this process only: a clone's copy
/// does nothing.
class Rollback {
public:
    Rollback() = default;
    ~Rollback() {
        if (::getpid() != owner_) return;
        for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) (*step)();
    }
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    void dismiss() { steps_.clear(); }

private:
    pid_t owner_ = ::getpid();
    std::vector<std::function<void()>> steps_;
};

/// A container on its way: what create has at hand between its steps.
struct Creation {
    Bundle bundle;
    ContainerPlan plan;
    std::optional<StateDirectory> directory;
    RecordedState record;
    std::unique_ptr<CgroupManager> cgroup;
    MovedDevices devices;
    bool hooks_may_have_run = false;  // from here on a failure ends with the poststop hooks
    Rollback rollback;
    std::vector<std::string> warnings;

    /// The container is made: nothing is undone any more.
    void keep() {
        rollback.dismiss();
        devices.keep();
    }
};

/// Plans, reserves the state directory, records the intent and makes the cgroup. `detached`: nobody of this
/// process will be there for a terminal.
oci::Result<void> prepare(const CreateOptions& options, bool detached, Creation& creation);

/// On record are the process and where its cgroup is: from here on later commands find the container.
oci::Result<void> record_process(Creation& creation, pid_t pid);

/// Waits for the container's process, then deletes the container unless it is to be kept.
/// With `notify` it is passed on when the container says that it is ready.
oci::Result<int> finish_run(const RunOptions& options, Creation& creation, Foreground& foreground, pid_t pid,
                            const NotifySocket* notify, std::vector<std::string>& warnings);

}  // namespace ocirun
