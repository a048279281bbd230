#include "runtime/container/container.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include "base/process.hpp"
#include "runtime/container/bundle.hpp"
#include "runtime/container/event_log.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/hooks/run_hooks.hpp"
#include "runtime/protocol/channel.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::Result;

Result<Container> Container::open(const std::string& root, const std::string& id, bool locked) {
    StateDirectory directory = TRY(StateDirectory::open(root, id));
    if (locked) TRY(directory.lock());
    return of(std::move(directory));
}

Result<Container> Container::of(StateDirectory directory) {
    RecordedState record = TRY(directory.load());
    return Container(std::move(directory), std::move(record));
}

bool Container::init_is_alive() const {
    if (record_.pid <= 0) return false;
    const auto identity = oci::identify_process(record_.pid);
    return identity && identity->start_time == record_.start_time && identity->state != 'Z' &&
           identity->state != 'X';
}

Result<std::unique_ptr<CgroupManager>> Container::cgroup() const {
    return open_cgroup_manager(record_.cgroup);
}

Result<Status> Container::status() const {
    if (record_.pid == 0) return directory_.is_locked_elsewhere() ? Status::creating : Status::stopped;
    if (!init_is_alive()) return Status::stopped;
    const auto manager = TRY(cgroup());
    const auto frozen = manager->is_frozen();
    if (frozen && *frozen) return Status::paused;
    return directory_.has(start_socket_file) ? Status::created : Status::running;
}

Result<Fd> Container::init_pidfd() const {
    Fd pidfd = TRY(oci::open_pidfd(record_.pid));
    // The pidfd was opened before the look: if the start time fits now, it is the same process.
    if (!init_is_alive()) return oci::system_failure(ESRCH, "container not running");
    return pidfd;
}

namespace {

/// Init ends by itself once it has told why it failed: `start` does not return before the container has
/// stopped (runtime-spec runtime.md "Lifecycle" 8).
void wait_for_end(const Container& container) {
    constexpr int patience = 10000;  // ms; init may be frozen
    const auto pidfd = container.init_pidfd();
    if (!pidfd) return;
    pollfd entry{.fd = pidfd->get(), .events = POLLIN, .revents = 0};
    while (::poll(&entry, 1, patience) < 0 && errno == EINTR) {
    }
}

Result<void> say_start(const Container& container) {
    auto connected = container.directory().connect_to_start();
    if (!connected) {
        if (connected.error().system_errno != ECONNREFUSED) return connected.error();
        TRY(container.directory().remove_file(start_socket_file));
        return failure(ErrorCode::wrong_state, "cannot start an already running container");
    }
    const Channel init(std::move(*connected));
    TRY(init.send(Tag::start));
    Message message;
    const bool answered = TRY(init.receive(message));
    TRY(container.directory().remove_file(start_socket_file));
    if (!answered) return {};
    wait_for_end(container);
    return message.tag == Tag::failed ? error_of(message) : failure("init sent a message out of order");
}

Result<void> run_poststart(const Container& container) {
    const RecordedState& record = container.record();
    if (!record.has_hooks) return {};
    const HookPlan hooks = TRY(recorded_hooks(container.directory(), record));
    if (hooks.poststart.empty()) return {};
    return run_hooks(hooks.poststart, recorded_hook_state(record, "running"), record.bundle);
}

}  // namespace

Result<void> start_container(const std::string& root, const std::string& id,
                             const std::string& service_manager) {
    std::optional<Container> locked = TRY(Container::open(root, id, true));
    const Container& container = *locked;
    switch (TRY(container.status())) {
        case Status::created:
            break;
        case Status::stopped:
            return failure(ErrorCode::wrong_state, "cannot start a container that has stopped");
        case Status::running:
        case Status::paused:
            return failure(ErrorCode::wrong_state, "cannot start an already running container");
        case Status::creating:
            return failure(ErrorCode::wrong_state, "cannot start a container that is still being created");
    }
    const auto notify = TRY(open_notify_socket(container.directory(), service_manager));
    TRY(say_start(container));
    note_event(container.directory(), "start", container.record().pid);
    auto poststart = run_poststart(container);
    // A failing poststart hook stops and destroys the container (runtime-spec runtime.md "Lifecycle" 9).
    if (!poststart) static_cast<void>(destroy_container(container).has_value());
    if (!poststart || !notify) return poststart;
    const auto pidfd = container.init_pidfd();
    if (!pidfd) return {};  // it has ended
    const pid_t pid = container.record().pid;
    locked.reset();  // gives the lock back: this may take long
    return notify->wait_until_ready(*pidfd, pid);
}

Result<void> kill_container(const std::string& root, const std::string& id, int signal, bool all) {
    const Container container = TRY(Container::open(root, id, false));
    const Status status = TRY(container.status());
    const auto manager = TRY(container.cgroup());
    const bool whole = all || (signal == SIGKILL && !container.record().own_pid_namespace);
    if (status == Status::stopped && !whole) return failure(ErrorCode::wrong_state, "container not running");
    if (status != Status::stopped) {
        const auto pidfd = container.init_pidfd();
        if (!pidfd) return failure(ErrorCode::wrong_state, "container not running");
        TRY(oci::signal_process(*pidfd, container.record().pid, signal));
    }
    // Without a cgroup only init is known.
    if (whole && container.record().cgroup.version != CgroupVersion::none) TRY(manager->signal_all(signal));
    // A frozen process dies only when it thaws.
    if (status == Status::paused && signal == SIGKILL) TRY(manager->thaw());
    return {};
}

Result<void> pause_container(const std::string& root, const std::string& id) {
    const Container container = TRY(Container::open(root, id, true));
    const Status status = TRY(container.status());
    if (status != Status::running && status != Status::created) {
        return failure(ErrorCode::wrong_state,
                       "container not running: it is " + std::string(status_word(status)));
    }
    TRY(TRY(container.cgroup())->freeze());
    note_event(container.directory(), "pause", container.record().pid);
    return {};
}

Result<void> resume_container(const std::string& root, const std::string& id) {
    const Container container = TRY(Container::open(root, id, true));
    const Status status = TRY(container.status());
    if (status != Status::paused) {
        return failure(ErrorCode::wrong_state,
                       "container not paused: it is " + std::string(status_word(status)));
    }
    TRY(TRY(container.cgroup())->thaw());
    note_event(container.directory(), "resume", container.record().pid);
    return {};
}

Result<std::vector<pid_t>> container_processes(const std::string& root, const std::string& id) {
    const Container container = TRY(Container::open(root, id, false));
    const auto manager = TRY(container.cgroup());
    std::vector<pid_t> pids;
    if (container.record().cgroup.version != CgroupVersion::none) {
        pids = TRY(manager->processes());
    } else if (container.init_is_alive()) {
        pids.push_back(container.record().pid);
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

}  // namespace ocirun
