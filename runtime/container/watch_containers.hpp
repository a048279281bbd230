#pragma once
// Following containers without a tick: inotify for what commands write down and for memory.events, pidfds for
// ends, an eventfd for out-of-memory events of cgroup v1. Host process.

#include <chrono>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "runtime/container/container.hpp"

namespace ocirun {

struct WatchOptions {
    std::string state_root;
    std::string id;                      // empty: every container, those to come as well
    std::chrono::milliseconds interval;  // between calls of `on_tick`; zero: never
    std::function<oci::Result<void>(const std::string& line)> on_event;
    std::function<oci::Result<void>(const Container&)> on_tick;  // for one container alone
};

/// Calls back until the container has ended; with every container until this process is ended.
oci::Result<void> watch_containers(const WatchOptions& options);

}  // namespace ocirun
