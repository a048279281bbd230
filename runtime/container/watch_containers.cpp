#include "runtime/container/watch_containers.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
#include "runtime/container/watched_container.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

using Clock = std::chrono::steady_clock;

class Watcher {
public:
    explicit Watcher(const WatchOptions& options) : options_(options) {}

    Result<void> begin() {
        if (!TRY(oci::open_pidfd(::getpid())).is_open())
            return oci::failure(
                oci::ErrorCode::unsupported,
                "events needs pidfds, which this kernel lacks (pidfd_open(2), since Linux 5.3)");
        inotify_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        if (!inotify_.is_open()) return oci::last_system_failure("inotify");
        next_tick_ = Clock::now();
        if (!options_.id.empty()) {
            watched_.push_back(
                TRY(WatchedContainer::open(options_.state_root, options_.id, inotify_, false)));
            if (watched_.front().has_ended())
                return oci::failure(oci::ErrorCode::wrong_state, "container not running");
            return {};
        }
        TRY(oci::make_directories(options_.state_root, 0700).in("state root"));
        root_watch_ = ::inotify_add_watch(inotify_.get(), options_.state_root.c_str(),
                                          IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
        if (root_watch_ < 0) return oci::last_system_failure("inotify");
        return find_containers(false);
    }

    /// One round; false at the end.
    Result<bool> follow() {
        TRY(wait());
        TRY(read_changes());
        for (WatchedContainer& watched : watched_) {
            watched.attach(inotify_);
            TRY(tell(watched.take_lines()));
            TRY(tell(watched.take_out_of_memory()));
        }
        TRY(take_ends());
        if (!options_.id.empty()) return !watched_.front().has_ended();
        std::erase_if(watched_, [](const WatchedContainer& one) { return one.has_ended() && one.is_gone(); });
        return true;
    }

private:
    Result<void> tell(const std::string& lines) const {
        return lines.empty() ? Result<void>() : options_.on_event(lines);
    }

    Result<void> find_containers(bool from_start) {
        for (const std::string& id : TRY(list_containers(options_.state_root))) {
            const bool known = std::any_of(watched_.begin(), watched_.end(),
                                           [&](const WatchedContainer& one) { return one.id() == id; });
            if (known) continue;
            auto opened = WatchedContainer::open(options_.state_root, id, inotify_, from_start);
            if (opened) watched_.push_back(std::move(*opened));  // one that vanishes at once is not told
        }
        return {};
    }

    Result<void> wait() {
        std::vector<pollfd> entries = {{.fd = inotify_.get(), .events = POLLIN, .revents = 0}};
        for (const WatchedContainer& watched : watched_) {
            entries.push_back({.fd = watched.pidfd().get(), .events = POLLIN, .revents = 0});
            entries.push_back({.fd = watched.oom_events().get(), .events = POLLIN, .revents = 0});
        }
        int timeout = -1;
        if (options_.interval.count() > 0) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_tick_ - Clock::now());
            timeout = left.count() > 0 ? static_cast<int>(left.count()) : 0;
        }
        if (::poll(entries.data(), entries.size(), timeout) < 0 && errno != EINTR)
            return oci::last_system_failure("poll");
        if (options_.interval.count() <= 0 || Clock::now() < next_tick_) return {};
        next_tick_ = Clock::now() + options_.interval;
        const auto& container = watched_.front().container();
        return container ? options_.on_tick(*container) : Result<void>();
    }

    Result<void> read_changes() {
        alignas(inotify_event) std::array<char, 4096> buffer{};
        bool root_changed = false;
        for (;;) {
            const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
            if (size <= 0) break;
            for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
                const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
                root_changed = root_changed || event->wd == root_watch_;
                at += sizeof(inotify_event) + event->len;
            }
        }
        return root_changed ? find_containers(true) : Result<void>();
    }

    Result<void> take_ends() {
        for (WatchedContainer& watched : watched_) {
            if (watched.has_ended() || !watched.pidfd().is_open()) continue;
            pollfd entry{.fd = watched.pidfd().get(), .events = POLLIN, .revents = 0};
            if (::poll(&entry, 1, 0) > 0) TRY(tell(watched.take_exit()));
        }
        return {};
    }

    const WatchOptions& options_;
    Fd inotify_;
    int root_watch_ = -1;
    Clock::time_point next_tick_;
    std::vector<WatchedContainer> watched_;
};

}  // namespace

Result<void> watch_containers(const WatchOptions& options) {
    Watcher watcher(options);
    TRY(watcher.begin());
    while (TRY(watcher.follow())) {
    }
    return {};
}

}  // namespace ocirun
