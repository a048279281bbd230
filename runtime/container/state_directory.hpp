#pragma once
// The directory of one container below the state root: reserved, locked, read, removed. Host process.

#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/container/container_state.hpp"
#include "runtime/launch/notify_socket.hpp"

namespace ocirun {

class StateDirectory {
public:
    /// Makes ROOT/ID (mode 0700) and locks it. "container with given ID already exists" when it is there.
    static oci::Result<StateDirectory> reserve(const std::string& root, const std::string& id);
    /// Opens an existing one without a lock. "container does not exist" when it is not there.
    static oci::Result<StateDirectory> open(const std::string& root, const std::string& id);

    /// Waits for the container's lock; held until this value is dropped.
    oci::Result<void> lock();
    /// Gives it back before that.
    oci::Result<void> unlock();
    /// Whether the directory was removed since it was opened.
    [[nodiscard]] bool is_removed() const;
    /// Whether another process holds the lock at this moment.
    [[nodiscard]] bool is_locked_elsewhere() const;

    oci::Result<void> save(const RecordedState& state) const;
    [[nodiscard]] oci::Result<RecordedState> load() const;

    /// Files beside state.json.
    oci::Result<void> write(const std::string& name, std::string_view content) const;
    oci::Result<void> append(const std::string& name, std::string_view text) const;
    [[nodiscard]] oci::Result<std::string> read(const std::string& name, std::size_t limit) const;
    [[nodiscard]] bool has(const std::string& name) const;
    /// A directory beside state.json that the container may be shown (mode 0755).
    [[nodiscard]] oci::Result<void> make_directory(const std::string& name) const;
    oci::Result<void> remove_file(const std::string& name) const;

    /// The socket that `start` connects to: bound and listening, or connected to.
    [[nodiscard]] oci::Result<oci::Fd> listen_for_start() const;
    [[nodiscard]] oci::Result<oci::Fd> connect_to_start() const;

    /// Removes the directory and what is in it.
    oci::Result<void> remove() const;

    /// The open descriptors, for a child that must not hold the lock.
    [[nodiscard]] std::vector<int> descriptors() const { return {root_.get(), directory_.get()}; }
    [[nodiscard]] oci::BorrowedFd fd() const { return directory_; }
    [[nodiscard]] const std::string& id() const { return id_; }

private:
    StateDirectory(oci::Fd root, std::string id, oci::Fd directory)
        : root_(std::move(root)), id_(std::move(id)), directory_(std::move(directory)) {}
    oci::Fd root_;
    std::string id_;
    oci::Fd directory_;
};

inline constexpr const char* state_file = "state.json";
inline constexpr const char* config_copy = "config.json";
inline constexpr const char* resources_file = "resources.json";  // after the first update
inline constexpr const char* filter_file = "seccomp.bpf";
inline constexpr const char* start_socket_file = "start.sock";

/// The container's notify socket (runtime/launch/notify_socket.hpp), if it was created with one and there is
/// a service manager now.
oci::Result<std::optional<NotifySocket>> open_notify_socket(const StateDirectory& directory,
                                                            const std::string& service_manager);

/// The ids that have a directory below the state root, sorted. A root that does not exist has none.
oci::Result<std::vector<std::string>> list_containers(const std::string& root);

}  // namespace ocirun
