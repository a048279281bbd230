#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/process.hpp"
#include "runtime/container/bundle.hpp"
#include "runtime/container/container.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/hooks/run_hooks.hpp"

// Deleting a container: what create made is undone, what it found is left.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

namespace {

constexpr int death_patience_milliseconds = 10000;

/// Whether init has ended within the patience.
bool ends_in_time(const Container& container, oci::BorrowedFd pidfd) {
    constexpr int look_again = 10;
    // Without a pidfd nothing tells: it is looked for from time to time.
    const bool told = pidfd.is_open();
    for (int waited = 0; waited < death_patience_milliseconds; waited += look_again) {
        pollfd entry{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
        const int ready = ::poll(&entry, 1, told ? death_patience_milliseconds - waited : look_again);
        if (ready < 0 && errno == EINTR) continue;
        if (told) return ready != 0;
        if (!container.init_is_alive()) return true;
    }
    return false;
}

/// Kills init and waits until it is gone.
Result<void> kill_init(const Container& container) {
    const auto pidfd = container.init_pidfd();
    if (!pidfd) return {};
    auto sent = oci::signal_process(*pidfd, container.record().pid, SIGKILL);
    if (!sent && sent.error().system_errno != ESRCH) return sent;
    // A frozen container dies when it is thawed; elsewhere this does nothing.
    if (const auto manager = container.cgroup()) static_cast<void>((*manager)->thaw().has_value());
    if (!ends_in_time(container, *pidfd))
        return failure("container init " + std::to_string(container.record().pid) +
                       " does not die after SIGKILL");
    return {};
}

/// Kills the processes that outlive init, and removes the cgroup.
Result<void> clear_cgroup(const Container& container) {
    const RecordedState& record = container.record();
    if (record.cgroup.version == CgroupVersion::none) return {};
    CgroupLocation ours = record.cgroup;
    if (record.pid == 0) {
        // A create that was killed half-way may not have seen yet that the cgroup belongs to another
        // container: only in directories of its own making can the processes be its own.
        std::erase_if(ours.directories, [&](const auto& entry) {
            return std::find(ours.created.begin(), ours.created.end(), entry.second) == ours.created.end();
        });
    }
    const auto manager = TRY(open_cgroup_manager(ours));
    TRY(manager->signal_all(SIGKILL));
    // The count goes with the cgroup, and `events` may not have read it yet. On v1 the kernel tells an
    // eventfd.
    if (record.cgroup.version == CgroupVersion::v2)
        if (const auto kills = manager->oom_kills(); kills && *kills > 0)
            note_oom_kills(container.directory(), *kills);
    return manager->remove();
}

std::vector<std::string> run_poststop(const Container& container) {
    std::vector<std::string> warnings;
    if (!container.record().has_hooks) return warnings;
    const auto hooks = recorded_hooks(container.directory(), container.record());
    if (!hooks) return {"poststop hooks are not run: " + hooks.error().text};
    for (const oci::Error& error :
         run_hooks_to_the_end(hooks->poststop, recorded_hook_state(container.record(), "stopped"),
                              container.record().bundle)) {
        warnings.push_back(error.text);
    }
    return warnings;
}

/// A container whose record cannot be read: only its directory can be removed.
Result<std::vector<std::string>> delete_unreadable(const std::string& root, const std::string& id,
                                                   const oci::Error& error) {
    if (error.code == ErrorCode::not_found && !StateDirectory::open(root, id))
        return std::vector<std::string>();
    const StateDirectory directory = TRY(StateDirectory::open(root, id));
    TRY(directory.remove());
    return std::vector<std::string>{"the state of " + id + " could not be read (" + error.text +
                                    "); its directory was removed"};
}

}  // namespace

Result<std::vector<std::string>> destroy_container(const Container& container) {
    TRY(kill_init(container));
    TRY(clear_cgroup(container));
    TRY(remove_resctrl(container.record().resctrl, container.record().resctrl.created));
    std::vector<std::string> warnings = run_poststop(container);
    TRY(container.directory().remove());
    return warnings;
}

Result<std::vector<std::string>> delete_container(const std::string& root, const std::string& id,
                                                  bool force) {
    const auto container = Container::open(root, id, true);
    if (!container) {
        if (!force) return container.error();
        return delete_unreadable(root, id, container.error());
    }
    const Status status = TRY(container->status());
    if (!force && status != Status::stopped && status != Status::created) {
        return failure(ErrorCode::wrong_state, "cannot delete container " + id + " that is not stopped: " +
                                                   std::string(status_word(status)));
    }
    return destroy_container(*container);
}

}  // namespace ocirun
