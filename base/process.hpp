#pragma once
// Child processes: started without a shell, waited for by pidfd, killed and reaped when dropped.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace oci {

/// How a process ended. Exactly one of the two is set.
struct ExitStatus {
    std::optional<int> code;    // exit(3) status
    std::optional<int> signal;  // signal that killed it

    /// The status as shells and runtimes report it: the code, or 128 + signal.
    [[nodiscard]] int shell_code() const { return code.has_value() ? *code : 128 + signal.value_or(0); }
    /// "exit status 3" or "signal 9 (Killed)".
    [[nodiscard]] std::string describe() const;
};

/// Translates a wait(2) status word.
ExitStatus exit_status_from_wait(int status);

/// What to start. Inherits nothing but the three standard descriptors given here.
struct SpawnRequest {
    std::string path;                      // absolute path of the executable, no PATH search
    std::vector<std::string> arguments;    // argv, argv[0] included
    std::vector<std::string> environment;  // "NAME=value"
    BorrowedFd standard_input;             // -1: /dev/null
    BorrowedFd standard_output;            // -1: /dev/null
    BorrowedFd standard_error;             // -1: /dev/null
};

/// A started child. Dropping it kills (SIGKILL) and reaps the child.
class ChildProcess {
public:
    ChildProcess(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Closed on a kernel without pidfds.
    [[nodiscard]] BorrowedFd pidfd() const { return pidfd_; }

    /// Waits until the child ends.
    Result<ExitStatus> wait();
    /// Waits at most `timeout`; nothing when it is still running then.
    Result<std::optional<ExitStatus>> wait_for(std::chrono::milliseconds timeout);
    /// Sends a signal; a child that has ended is not an error.
    Result<void> signal(int number) const;
    /// Gives up ownership: the child is neither killed nor reaped by this value any more.
    pid_t detach();

private:
    Result<std::optional<ExitStatus>> look();
    pid_t pid_ = -1;
    Fd pidfd_;
};

/// Starts a program. An executable that cannot be started is an error here, not an exit status.
Result<ChildProcess> spawn(const SpawnRequest& request);

/// A pidfd for a running process; a closed descriptor on a kernel without pidfds (before Linux 5.3).
Result<Fd> open_pidfd(pid_t pid);
/// pidfd_send_signal(2); kill(2) where there is no pidfd, so that the caller must know the pid to be current.
Result<void> signal_process(BorrowedFd pidfd, pid_t pid, int number);
/// The start time of a process in clock ticks since boot (field 22 of /proc/PID/stat) and its state
/// letter: together with the pid they name a process for good.
struct ProcessIdentity {
    unsigned long long start_time = 0;
    char state = '?';
};
Result<ProcessIdentity> identify_process(pid_t pid);

}  // namespace oci
