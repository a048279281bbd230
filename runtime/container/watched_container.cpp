#include "runtime/container/watched_container.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/container/event_log.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr std::size_t log_limit = std::size_t{64} << 20U;
constexpr int reap_patience_milliseconds = 1000;
constexpr int removal_patience_milliseconds = 200;

std::string fd_path(BorrowedFd fd, const std::string& name = "") {
    return "/proc/self/fd/" + std::to_string(fd.get()) + name;
}

/// What PIDFD_GET_INFO of Linux 6.13 tells (include/uapi/linux/pidfd.h); the exit code since 6.15.
struct PidfdInfo {
    std::uint64_t mask;
    std::uint64_t cgroup_id;
    std::uint32_t ids[11];
    std::int32_t exit_code;
};
constexpr std::uint64_t pidfd_info_exit = 8;

/// The exit code as shells count it; -1 where the kernel does not tell processes that are not the parent.
int exit_code_of(BorrowedFd pidfd) {
    // It is known once the parent has waited, which the kernel tells by a hang-up.
    pollfd entry{.fd = pidfd.get(), .events = 0, .revents = 0};
    ::poll(&entry, 1, reap_patience_milliseconds);
    PidfdInfo info{};
    info.mask = pidfd_info_exit;
    if (::ioctl(pidfd.get(), _IOWR(0xFF, 11, PidfdInfo), &info) != 0 || (info.mask & pidfd_info_exit) == 0)
        return -1;
    return oci::exit_status_from_wait(info.exit_code).shell_code();
}

/// What the eventfd has counted since the last time.
std::uint64_t take_count(BorrowedFd events) {
    std::uint64_t count = 0;
    return ::read(events.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count) ? count : 0;
}

const std::string* directory_of(const CgroupLocation& location, const std::string& controller) {
    for (const auto& [controllers, directory] : location.directories) {
        const auto names = oci::split(controllers, ',');
        if (std::find(names.begin(), names.end(), controller) != names.end()) return &directory;
    }
    return nullptr;
}

}  // namespace

Result<WatchedContainer> WatchedContainer::open(const std::string& root, const std::string& id,
                                                BorrowedFd inotify, bool from_start) {
    WatchedContainer watched(TRY(StateDirectory::open(root, id)), root);
    const std::vector<int> descriptors = watched.directory_.descriptors();
    watched.directory_watch_ =
        ::inotify_add_watch(inotify.get(), fd_path(BorrowedFd(descriptors.back())).c_str(),
                            IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR);
    if (watched.directory_watch_ < 0) return oci::last_system_failure("inotify");
    if (!from_start) static_cast<void>(watched.take_lines());
    watched.attach(inotify);
    return watched;
}

std::string WatchedContainer::take_lines() {
    if (!log_.is_open()) {
        auto log = oci::open_at(directory_.fd(), event_file, O_RDONLY | O_NOFOLLOW);
        if (!log) return {};
        log_ = std::move(*log);
    }
    if (::lseek(log_.get(), static_cast<off_t>(read_), SEEK_SET) < 0) return {};
    auto lines = oci::read_all(log_, log_limit);
    if (!lines) return {};
    lines->resize(lines->rfind('\n') + 1);  // a line that is being written is taken next time
    read_ += lines->size();
    const unsigned long kills = take_oom_kills(*lines);
    return std::move(*lines) + tell_oom_kills(kills);
}

std::string WatchedContainer::tell_oom_kills(unsigned long total) {
    std::string lines;
    for (; oom_seen_ < total; ++oom_seen_) lines += event_line(id_, "oom", 0, -1);
    return lines;
}

void WatchedContainer::attach(BorrowedFd inotify) {
    if (container_ || ended_) return;
    auto opened = Container::open(root_, id_, false);
    if (!opened || opened->record().pid == 0) return;
    auto pidfd = opened->init_pidfd();
    container_.emplace(std::move(*opened));
    if (!pidfd) {
        ended_ = true;
        return;
    }
    pidfd_ = std::move(*pidfd);
    watch_memory(inotify);
}

void WatchedContainer::watch_memory(BorrowedFd inotify) {
    const CgroupLocation& location = container_->record().cgroup;
    oom_seen_ = oom_kills();
    if (location.version == CgroupVersion::v2) {
        const auto directory = location.directories.find("");
        if (directory != location.directories.end())
            memory_watch_ =
                ::inotify_add_watch(inotify.get(), (directory->second + "/memory.events").c_str(), IN_MODIFY);
        return;
    }
    const std::string* directory = directory_of(location, "memory");
    if (directory == nullptr) return;
    const auto cgroup = oci::open_file(*directory, O_RDONLY | O_DIRECTORY);
    const auto control = oci::open_file(*directory + "/memory.oom_control", O_RDONLY);
    Fd events(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!cgroup || !control || !events.is_open()) return;
    const std::string text = std::to_string(events.get()) + " " + std::to_string(control->get());
    if (oci::write_kernel_file(*cgroup, "cgroup.event_control", text)) oom_events_ = std::move(events);
}

unsigned long WatchedContainer::oom_kills() const {
    const auto manager = container_->cgroup();
    if (!manager) return 0;
    const auto kills = (*manager)->oom_kills();
    return kills ? *kills : 0;
}

std::string WatchedContainer::take_out_of_memory() {
    if (!container_) return {};
    if (oom_events_.is_open()) {
        std::uint64_t count = take_count(oom_events_);
        const std::string* directory = directory_of(container_->record().cgroup, "memory");
        if (count == 0 || directory == nullptr) return {};
        if (!oci::exists_at(oci::current_directory, *directory)) {
            // Told once more when the cgroup is removed, by a worker of the kernel, maybe only now.
            pollfd entry{.fd = oom_events_.get(), .events = POLLIN, .revents = 0};
            if (count == 1 && ::poll(&entry, 1, removal_patience_milliseconds) > 0)
                count += take_count(oom_events_);
            if (count == 1) return {};
        }
        return event_line(id_, "oom", 0, -1);
    }
    return tell_oom_kills(oom_kills());
}

std::string WatchedContainer::take_exit() {
    // Who removes the cgroup writes its count down first: what the cgroup no longer tells, the log does.
    std::string lines = take_out_of_memory();
    lines = take_lines() + lines;
    lines += event_line(id_, "exit", container_->record().pid, exit_code_of(pidfd_));
    pidfd_.reset();
    oom_events_.reset();
    ended_ = true;
    return lines;
}

bool WatchedContainer::is_gone() const {
    return !directory_.has(state_file);
}

}  // namespace ocirun
