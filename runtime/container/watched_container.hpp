#pragma once
// One container that `events` follows. Host process.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/container/container.hpp"

namespace ocirun {

class WatchedContainer {
public:
    /// Starts to watch with the inotify descriptor. With `from_start` events that stand in the log already
    /// are told, otherwise only those to come.
    static oci::Result<WatchedContainer> open(const std::string& root, const std::string& id,
                                              oci::BorrowedFd inotify, bool from_start);

    [[nodiscard]] const std::string& id() const { return id_; }
    /// Whether the inotify watch is one of this container's.
    [[nodiscard]] bool owns(int watch) const { return watch == directory_watch_ || watch == memory_watch_; }
    /// Lines that are new since the last call.
    std::string take_lines();
    /// Once create has recorded init: watches its end and its memory.
    void attach(oci::BorrowedFd inotify);
    [[nodiscard]] oci::BorrowedFd pidfd() const { return pidfd_; }
    [[nodiscard]] oci::BorrowedFd oom_events() const { return oom_events_; }
    /// One "oom" line for each process that the kernel ended for its memory since the last call.
    std::string take_out_of_memory();
    /// The "exit" line; init has ended.
    std::string take_exit();
    [[nodiscard]] bool has_ended() const { return ended_; }
    [[nodiscard]] bool is_gone() const;  // deleted
    [[nodiscard]] const std::optional<Container>& container() const { return container_; }

private:
    WatchedContainer(StateDirectory directory, std::string root)
        : id_(directory.id()), root_(std::move(root)), directory_(std::move(directory)) {}
    std::string tell_oom_kills(unsigned long total);
    void watch_memory(oci::BorrowedFd inotify);
    [[nodiscard]] unsigned long oom_kills() const;

    std::string id_;
    std::string root_;
    StateDirectory directory_;
    int directory_watch_ = -1;
    int memory_watch_ = -1;
    oci::Fd log_;           // stays readable when the directory is removed
    std::size_t read_ = 0;  // bytes of the log
    std::optional<Container> container_;
    oci::Fd pidfd_;
    oci::Fd oom_events_;  // cgroup v1
    unsigned long oom_seen_ = 0;
    bool ended_ = false;
};

}  // namespace ocirun
