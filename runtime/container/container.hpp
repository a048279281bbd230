#pragma once
// An existing container: its record, its status, its processes. Host process.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/container/container_state.hpp"
#include "runtime/container/state_directory.hpp"

namespace ocirun {

class Container {
public:
    /// Reads the record. With `locked` the container's lock is taken first and held.
    static oci::Result<Container> open(const std::string& root, const std::string& id, bool locked);
    /// The same for a directory that is open already.
    static oci::Result<Container> of(StateDirectory directory);

    [[nodiscard]] const RecordedState& record() const { return record_; }
    [[nodiscard]] const StateDirectory& directory() const { return directory_; }
    /// Asks the kernel and the cgroup.
    [[nodiscard]] oci::Result<Status> status() const;
    /// Whether init lives (a zombie does not).
    [[nodiscard]] bool init_is_alive() const;
    /// A pidfd of init, verified by its start time: never a process that has taken over the pid. Closed on a
    /// kernel without pidfds, where the verification is all there is.
    [[nodiscard]] oci::Result<oci::Fd> init_pidfd() const;
    [[nodiscard]] oci::Result<std::unique_ptr<CgroupManager>> cgroup() const;

private:
    Container(StateDirectory directory, RecordedState record)
        : directory_(std::move(directory)), record_(std::move(record)) {}
    StateDirectory directory_;
    RecordedState record_;
};

/// `start`: lets init execute its program, then runs the poststart hooks. With `service_manager`
/// (NOTIFY_SOCKET of this process) a container that was created with one is waited for until it says that it
/// is ready.
oci::Result<void> start_container(const std::string& root, const std::string& id,
                                  const std::string& service_manager = "");
/// `kill`: to init, or with `all` to every process.
oci::Result<void> kill_container(const std::string& root, const std::string& id, int signal, bool all);
/// `delete`: of a stopped container, or with `force` of any, killed first. Returns warnings of poststop
/// hooks.
oci::Result<std::vector<std::string>> delete_container(const std::string& root, const std::string& id,
                                                       bool force);
oci::Result<void> pause_container(const std::string& root, const std::string& id);
oci::Result<void> resume_container(const std::string& root, const std::string& id);
/// The pids of the container's processes, sorted.
oci::Result<std::vector<pid_t>> container_processes(const std::string& root, const std::string& id);

/// Kills what is left, removes cgroup and state, runs poststop hooks. The lock must be held.
oci::Result<std::vector<std::string>> destroy_container(const Container& container);

}  // namespace ocirun
