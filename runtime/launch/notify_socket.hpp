#pragma once
// The container's side of systemd's notification protocol (sd_notify(3)): a socket of its own, from which
// what it says of its readiness goes on to the service manager that started the runtime. Runs in the host
// process.

#include <sys/types.h>

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun {

/// Below the container's state directory, and in the container.
inline constexpr const char* notify_directory = "notify";
inline constexpr const char* notify_directory_inside = "/run/notify";
inline constexpr const char* notify_file = "notify.sock";

class NotifySocket {
public:
    /// Binds the socket in `directory` (which the container sees as /run/notify), for everybody to write to.
    /// `service_manager` is the runtime's own NOTIFY_SOCKET: a path, or an abstract name behind '@'.
    static oci::Result<NotifySocket> bind(oci::BorrowedFd directory, const std::string& service_manager);

    /// Passes on what makes the service ready, READY=1, with `main_pid` as its main process (0: the runtime
    /// stays and is that itself), and waits until the service manager has taken it. False: something else.
    [[nodiscard]] oci::Result<bool> take_message(pid_t main_pid) const;
    /// The same until the container is ready or its process has ended.
    [[nodiscard]] oci::Result<void> wait_until_ready(oci::BorrowedFd pidfd, pid_t pid) const;
    [[nodiscard]] oci::BorrowedFd fd() const { return socket_; }

private:
    NotifySocket(oci::Fd socket, std::string service_manager)
        : socket_(std::move(socket)), service_manager_(std::move(service_manager)) {}
    [[nodiscard]] oci::Result<void> tell(oci::BorrowedFd sender, const std::string& text) const;
    oci::Fd socket_;
    std::string service_manager_;
};

}  // namespace ocirun
