#pragma once
// What every kind of cgroup directory needs: making, listing, waiting and removing. Host process.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun {

/// How long the kernel gets to freeze, empty or let go of a cgroup.
inline constexpr std::chrono::milliseconds cgroup_patience{10000};

/// A point in time after which waiting is given up. Monotonic clock.
class Deadline {
public:
    explicit Deadline(std::chrono::milliseconds from_now);
    [[nodiscard]] bool passed() const;
    /// What is left, at least 0.
    [[nodiscard]] std::chrono::milliseconds left() const;

private:
    std::chrono::steady_clock::time_point end_;
};

/// Lets the kernel work for a moment: for states that it announces by no event.
void pause_briefly(std::chrono::milliseconds length);

/// Opens a cgroup directory for use as a directory fd.
oci::Result<oci::Fd> open_cgroup(const std::string& path);
/// The root of the cgroup file system that `path`, existing or not, is in.
oci::Result<std::string> find_tree_root(const std::string& path);
/// The directories from just below `root` down to `path`, itself included.
std::vector<std::string> steps_between(const std::string& root, const std::string& path);
/// mkdir, with `made` set to whether the directory is new.
oci::Result<void> make_cgroup(const std::string& path, bool& made);

/// The words of a flat keyed file ("populated 1") as a map; keys without a number are left out.
std::map<std::string, unsigned long> parse_keyed(std::string_view text);
oci::Result<std::map<std::string, unsigned long>> read_keyed(oci::BorrowedFd directory,
                                                             const std::string& file);
/// Waits until `key` in an event file of cgroup v2 (cgroup.events) has the value. False: out of time.
oci::Result<bool> wait_for_event(oci::BorrowedFd directory, const std::string& key, unsigned long value,
                                 const Deadline& deadline);

/// Calls `visit` with the cgroup and every one below it, from the top. One that vanishes is skipped.
oci::Result<void> visit_cgroups(oci::BorrowedFd top,
                                const std::function<oci::Result<void>(oci::BorrowedFd)>& visit);
/// The processes of one cgroup that this pid namespace can see. None if the cgroup is gone.
oci::Result<std::vector<pid_t>> read_processes(oci::BorrowedFd directory);
/// The processes of the cgroup and of those below. None if it does not exist.
oci::Result<std::vector<pid_t>> read_processes_below(const std::string& path);
/// Signals every process of the list; one that is gone already is no error.
oci::Result<void> signal_processes(const std::vector<pid_t>& processes, int signal);

/// Removes what is below the cgroup and the cgroup itself, waiting for dying processes to leave. One
/// that does not exist is no error.
oci::Result<void> remove_cgroup(const std::string& path, const Deadline& deadline);
/// Removes the recorded directories, deepest first. Those in `leaves` must go, with all below them;
/// the others are parents, which stay while another container uses them.
oci::Result<void> remove_recorded(const std::vector<std::string>& recorded,
                                  const std::vector<std::string>& leaves);

}  // namespace ocirun
