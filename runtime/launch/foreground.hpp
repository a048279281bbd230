#pragma once
// A process in the foreground: its terminal relayed, signals forwarded, its exit code the runtime's own.
// Runs in the host process.

#include <sys/types.h>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/launch/notify_socket.hpp"

namespace ocirun {

/// Blocks every signal that is forwarded later, so that none is lost before watch() runs. Call before
/// the process is started.
class Foreground {
public:
    Foreground();
    ~Foreground();
    Foreground(const Foreground&) = delete;
    Foreground& operator=(const Foreground&) = delete;

    /// The socket end for the process, whose terminal's master will arrive here.
    oci::Result<oci::Fd> open_console();
    /// Receives the master and puts this process's terminal, if it has one, into raw mode.
    oci::Result<void> receive_terminal();
    /// Relays and forwards until the process ends and returns its shell exit code. Reaps other children
    /// that were left to this process as their subreaper. Passes on that the container is ready, with
    /// `notify`.
    oci::Result<int> watch(pid_t pid, const NotifySocket* notify = nullptr);

private:
    struct Implementation;
    Implementation* self_;
};

/// Connects to `path` and sends a pidfd there, as --pidfd-socket asks; `kind` is runc's payload.
oci::Result<void> send_pidfd(const std::string& path, oci::BorrowedFd pidfd, const std::string& kind);

/// Connects to a console socket's path (--console-socket).
oci::Result<oci::Fd> connect_console_socket(const std::string& path);

}  // namespace ocirun
